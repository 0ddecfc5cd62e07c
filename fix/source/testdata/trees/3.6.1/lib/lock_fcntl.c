/* lock_fcntl.c: locks by fcntl(). A stand-in for 3.x. */

#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <fcntl.h>
#include <errno.h>
#ifdef HAVE_UNISTD_H
#include <unistd.h>
#endif

#include "lock.h"

#include <syslog.h>
#include <unistd.h>

EXPORTED const char lock_method_desc[] = "fcntl";

EXPORTED double debug_locks_longer_than = 0.0; /* seconds, as in
                                                  fcntl(fd, F_SETLKW, &fl) */

/*
 * Waits for the exclusive lock of the open file fd, called filename. A file
 * that has been replaced meanwhile is opened anew, in fd's place.
 */
EXPORTED int lock_reopen_ex(int fd, const char *filename,
                            struct stat *sbuf, const char **failaction,
                            int *changed)
{
    int r;
    struct flock fl;
    struct stat named, spare;
    int fresh;
    struct timeval began = { 0, 0 };

    if (debug_locks_longer_than)
        gettimeofday(&began, 0);
    if (!sbuf) sbuf = &spare;

    for (;;) {
        fl.l_type= F_WRLCK;
        fl.l_whence = SEEK_SET;
        fl.l_start = 0;
        fl.l_len = 0;
        r = fcntl(fd, F_SETLKW, &fl);
        if (r == -1) {
            if (errno == EINTR) continue;
            if (failaction) *failaction = "locking";
            return -1;
        }

        r = fstat(fd, sbuf);
        if (!r) r = stat(filename, &named);
        if (r == -1) {
            if (failaction) *failaction = "stating";
            lock_unlock(fd, filename);
            return -1;
        }
        if (sbuf->st_ino == named.st_ino) {
            if (debug_locks_longer_than) {
                struct timeval ended;
                gettimeofday(&ended, 0);
                if ((double)(ended.tv_sec - began.tv_sec) > debug_locks_longer_than)
                    syslog(LOG_NOTICE, "locktimer: reopen %s", filename);
            }
            return 0;
        }

        if (changed) *changed = 1;

        fresh = open(filename, O_RDWR);
        if (fresh == -1) {
            if (failaction) *failaction = "opening";
            lock_unlock(fd, filename);
            return -1;
        }
        dup2(fresh, fd);
        close(fresh);
    }
}

/* Takes a lock: an exclusive one or a shared one, now or never or at last. */
EXPORTED int lock_setlock(int fd, int exclusive, int nonblock,
                          const char *filename __attribute__((unused)))
{
    int r;
    struct flock fl;
    short type = (exclusive ? F_WRLCK : F_RDLCK);
    int cmd = (nonblock ? F_SETLK : F_SETLKW);

    for (;;) {
        fl.l_type= type;
        fl.l_whence = SEEK_SET;
        fl.l_start = 0;
        fl.l_len = 0;
        r = fcntl(fd, cmd, &fl);
        if (r != -1) return 0;
        if (errno == EINTR) continue;
        return -1;
    }
}

EXPORTED int lock_unlock(int fd, const char *filename __attribute__((unused)))
{
    int r;
    struct flock fl;

    for (;;) {
        fl.l_type= F_UNLCK;
        fl.l_whence = SEEK_SET;
        fl.l_start = 0;
        fl.l_len = 0;
        r = fcntl(fd, F_SETLKW, &fl);
        if (r != -1) return 0;
        if (errno == EINTR) continue;
        return -1;
    }
}

/* lock_fcntl.c: locks by fcntl(). A stand-in for the releases 2.5.
 * This is not the call: r = flock(fd, LOCK_EX); nor is r = fcntl(fd, F_SETLKW, &fl);
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <errno.h>
#include <unistd.h>

#include "lock.h" /* with EXPORTED
   in it */

EXPORTED const char lock_method_desc[] = "fcntl";

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
	    fl.l_type= F_UNLCK;
	    fl.l_whence = SEEK_SET;
	    fl.l_start = 0;
	    fl.l_len = 0;
	    r = fcntl(fd, F_SETLKW, &fl);
	    return -1;
	}
	if (sbuf->st_ino == named.st_ino) return 0;

        if (changed) *changed = 1;

	fresh = open(filename, O_RDWR);
	if (fresh == -1) {
	    if (failaction) *failaction = "opening";
	    fl.l_type= F_UNLCK;
	    fl.l_whence = SEEK_SET;
	    fl.l_start = 0;
	    fl.l_len = 0;
	    r = fcntl(fd, F_SETLKW, &fl);
	    return -1;
	}
	dup2(fresh, fd);
	close(fresh);
    }
}

/* Waits, whatever the file is called now. */
EXPORTED int lock_blocking(int fd, const char *filename __attribute__((unused)))
{
    int r;
    struct flock fl;

    for (;;) {
	fl.l_type= F_WRLCK;
	fl.l_whence = SEEK_SET;
	fl.l_start = 0;
	fl.l_len = 0;
	r = fcntl(fd, F_SETLKW, &fl);
	if (r != -1) return 0;
	if (errno == EINTR) continue;
	return -1;
    }
}

/* Waits for a shared lock. */
EXPORTED int lock_shared(int fd, const char *filename __attribute__((unused)))
{
    int r;
    struct flock fl;

    for (;;) {
	fl.l_type= F_RDLCK;
	fl.l_whence = SEEK_SET;
	fl.l_start = 0;
	fl.l_len = 0;
	r = fcntl(fd, F_SETLKW, &fl);
	if (r != -1) return 0;
	if (errno == EINTR) continue;
	return -1;
    }
}

/* Does not wait. */
EXPORTED int lock_nonblocking(int fd, const char *filename __attribute__((unused)))
{
    int r;
    struct flock fl;

    for (;;) {
	fl.l_type= F_WRLCK;
	fl.l_whence = SEEK_SET;
	fl.l_start = 0;
	fl.l_len = 0;
	r = fcntl(fd, F_SETLK, &fl);
	if (r != -1) return 0;
	if (errno == EINTR) continue;
	return -1;
    }
}

EXPORTED int lock_unlock(int fd, const char *filename __attribute__((unused)))
{
    int r;
    struct flock fl;

    fl.l_type= F_UNLCK;
    fl.l_whence = SEEK_SET;
    fl.l_start = 0;
    fl.l_len = 0;
    r = fcntl(fd, F_SETLKW, &fl);
    return r;
}

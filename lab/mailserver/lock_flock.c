#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include "lock.h"

/* Waits for an exclusive lock on the file that filename leads to when the lock
 * is there. A file that was replaced meanwhile is opened again, under the same
 * descriptor. Leaves what stat knows of it in sbuf; on failure the name of the
 * step that failed in failaction. */
int lock_reopen(int fd, const char *filename, struct stat *sbuf, const char **failaction)
{
    int r, newfd;
    struct stat named;

    for (;;) {
        r = flock(fd, LOCK_EX);
        if (r == -1) {
            if (errno == EINTR) continue;
            *failaction = "locking";
            return -1;
        }
        if (fstat(fd, sbuf) == -1) {
            *failaction = "fstating";
            break;
        }
        if (stat(filename, &named) == -1) {
            *failaction = "stating";
            break;
        }
        if (sbuf->st_dev == named.st_dev && sbuf->st_ino == named.st_ino) return 0;

        newfd = open(filename, O_RDWR);
        if (newfd == -1 || dup2(newfd, fd) == -1) {
            *failaction = "reopening";
            break;
        }
        close(newfd);
    }
    flock(fd, LOCK_UN);
    return -1;
}

int lock_shared(int fd)
{
    int r;
    do {
        r = flock(fd, LOCK_SH);
    } while (r == -1 && errno == EINTR);
    return r;
}

int lock_unlock(int fd)
{
    return flock(fd, LOCK_UN);
}

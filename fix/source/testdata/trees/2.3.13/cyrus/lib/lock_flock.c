/* lock_flock.c: locks by flock(). A stand-in for the releases up to 2.4.
 * This is not the call: r = flock(fd, LOCK_EX); nor is r = fcntl(fd, F_SETLKW, &fl);
 */
#include <sys/types.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <errno.h>
#include <unistd.h>

#include "lock.h"

extern int errno;

/*
 * Waits for the exclusive lock of the open file fd, called filename. A file
 * that has been replaced meanwhile is opened anew, in fd's place.
 */
int lock_reopen(fd, filename, sbuf, failaction)
int fd;
const char *filename;
struct stat *sbuf;
const char **failaction;
{
    int r;
    struct stat named, spare;
    int fresh;

    if (!sbuf) sbuf = &spare;

    for (;;) {
	r = flock(fd, LOCK_EX);
	if (r == -1) {
	    if (errno == EINTR) continue;
	    if (failaction) *failaction = "locking";
	    return -1;
	}

	r = fstat(fd, sbuf);
	if (!r) r = stat(filename, &named);
	if (r == -1) {
	    if (failaction) *failaction = "stating";
	    flock(fd, LOCK_UN);
	    return -1;
	}
	if (sbuf->st_ino == named.st_ino) return 0;

	fresh = open(filename, O_RDWR);
	if (fresh == -1) {
	    if (failaction) *failaction = "opening";
	    flock(fd, LOCK_UN);
	    return -1;
	}
	dup2(fresh, fd);
	close(fresh);
    }
}

/* Waits, whatever the file is called now. */
int lock_blocking(fd)
int fd;
{
    int r;

    for (;;) {
	r = flock(fd, LOCK_EX);
	if (r != -1) return 0;
	if (errno == EINTR) continue;
	return -1;
    }
}

/* Waits for a shared lock. */
int lock_shared(fd)
int fd;
{
    int r;

    for (;;) {
	r = flock(fd, LOCK_SH);
	if (r != -1) return 0;
	if (errno == EINTR) continue;
	return -1;
    }
}

/* Does not wait. */
int lock_nonblocking(fd)
int fd;
{
    int r;

    for (;;) {
	r = flock(fd, LOCK_EX|LOCK_NB);
	if (r != -1) return 0;
	if (errno == EINTR) continue;
	return -1;
    }
}

int lock_unlock(fd)
int fd;
{
    flock(fd, LOCK_UN);
    return 0;
}

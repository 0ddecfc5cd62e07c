/* Takes a lock through Cyrus's lock code, keeps it for some ms, and tells when it
 * asked and when it got it, in ns. With a third argument no release ever wakes it,
 * as if the kernel had lost that. Usage: locker FILE MS [lost] */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern int lock_reopen(int fd, const char *filename, struct stat *sbuf, const char **failaction);
extern int lock_unlock(int fd);

static int lost;

/* Found before the one of the C library. */
int flock(int fd, int op)
{
    if (lost && (op & LOCK_EX) && !(op & LOCK_NB)) {
        pause();
        errno = EINTR;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, op);
}

static void say(const char *what)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    printf("%s %lld\n", what, (long long)t.tv_sec * 1000000000 + t.tv_nsec);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *action = "";
    int fd = argc > 2 ? open(argv[1], O_RDWR) : -1;

    if (fd == -1) {
        perror(argv[argc > 1]);
        return 1;
    }
    lost = argc > 3;
    say("asks");
    if (lock_reopen(fd, argv[1], 0, &action) == -1) {
        say(errno == EWOULDBLOCK ? "gives-up" : action);
        return 0;
    }
    say("has");
    if (atoi(argv[2])) usleep(1000 * atoi(argv[2]));
    lock_unlock(fd);
    return 0;
}

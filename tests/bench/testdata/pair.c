/* Locks and unlocks a file that nobody else wants, again and again: pair KIND FILE N
 * prints the nanoseconds of one pair. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

int main(int argc, char **argv)
{
    struct flock lock, unlock;
    struct timespec a, b;
    long i, n;
    int fd, bad = 0;

    if (argc != 4 || (fd = open(argv[2], O_RDWR | O_CREAT, 0600)) < 0) return 2;
    n = atol(argv[3]);
    memset(&lock, 0, sizeof lock);
    lock.l_type = F_WRLCK;
    unlock = lock;
    unlock.l_type = F_UNLCK;
    clock_gettime(CLOCK_MONOTONIC, &a);
    if (!strcmp(argv[1], "flock"))
        for (i = 0; i < n; i++) bad |= flock(fd, LOCK_EX) | flock(fd, LOCK_UN);
    else
        for (i = 0; i < n; i++) bad |= fcntl(fd, F_SETLKW, &lock) | fcntl(fd, F_SETLKW, &unlock);
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%f\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / n);
    return bad != 0;
}

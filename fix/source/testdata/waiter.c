/* Asks for a lock through the lock code it is linked with, and tells every lock
 * call and every log line, each with the time in ms. Then it keeps the lock until
 * its input ends. With "late" every call that would wait in the kernel comes after
 * the next signal only. Usage: waiter FILE [shared|late] */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lock.h"

static void say(const char *what, const char *more)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    printf("%ld %s %s\n", (long) t.tv_sec * 1000 + t.tv_nsec / 1000000, what, more);
    fflush(stdout);
}

static int late;

/* These are found before those of the C library. */
void syslog(int priority, const char *format, ...)
{
    char text[4096];
    va_list more;

    va_start(more, format);
    vsnprintf(text, sizeof(text), format, more);
    va_end(more);
    say(priority == 3 ? "error" : priority == 5 ? "notice" : "debug", text);
}

int flock(int fd, int op)
{
    if (op != LOCK_UN) say(op & LOCK_NB ? "try" : "block", op & LOCK_SH ? "shared" : "exclusive");
    if (late && (op & LOCK_EX) && !(op & LOCK_NB)) pause();
    return (int) syscall(SYS_flock, fd, op);
}

int fcntl(int fd, int cmd, ...)
{
    va_list more;
    struct flock *fl;

    va_start(more, cmd);
    fl = va_arg(more, struct flock *);
    va_end(more);
    if (cmd == F_SETLK || (cmd == F_SETLKW && fl->l_type != F_UNLCK))
        say(cmd == F_SETLK ? "try" : "block", fl->l_type == F_RDLCK ? "shared" : "exclusive");
    return (int) syscall(SYS_fcntl, fd, cmd, fl);
}

static void nothing(int sig)
{
    (void) sig;
}

int main(int argc, char **argv)
{
    const char *action = "none";
    char end[256];
    struct sigaction on;
    struct stat file;
    int fd = open(argv[1], O_RDWR), r, changed = 0;

    memset(&on, 0, sizeof(on));
    memset(&file, 0, sizeof(file));
    on.sa_handler = nothing; /* and no SA_RESTART */
    sigaction(SIGUSR1, &on, 0);
    if (fd == -1) {
        perror(argv[1]);
        return 1;
    }
    say("ready", "");
    errno = 0;
    late = argc > 2 && strcmp(argv[2], "late") == 0;
    if (argc > 2 && strcmp(argv[2], "shared") == 0) {
#ifdef TAKES_NAME
        r = lock_shared(fd, argv[1]);
#else
        r = lock_shared(fd);
#endif
    } else {
#ifdef lock_reopen
        r = lock_reopen_ex(fd, argv[1], &file, &action, &changed);
#else
        r = lock_reopen(fd, argv[1], &file, &action);
#endif
    }
    snprintf(end, sizeof(end), "r=%d errno=%d action=%s changed=%d ino=%lu", r, r ? errno : 0, action, changed, (unsigned long) file.st_ino);
    say("end", end);
    while (getchar() != EOF) {}
    return 0;
}

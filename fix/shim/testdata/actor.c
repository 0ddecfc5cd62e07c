/* A program that locks files in every way that matters to the library in front of
 * it. What it prints is read by the test; it ends when its standard input does. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef F_OFD_SETLKW
#define F_OFD_SETLKW 38
#endif

extern char **environ;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int opened(const char *file)
{
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror(file);
        exit(1);
    }
    return fd;
}

static struct flock whole(int type)
{
    struct flock l;
    memset(&l, 0, sizeof l);
    l.l_type = type;
    l.l_whence = SEEK_SET;
    return l;
}

/* One lock call; the result is 0 or errno. errno must stay as it is on success. */
static int locked(const char *kind, int fd)
{
    struct flock l;
    int r = -1;

    errno = 77;
    if (!strcmp(kind, "flock")) r = flock(fd, LOCK_EX);
    if (!strcmp(kind, "flock-shared")) r = flock(fd, LOCK_SH);
    if (!strcmp(kind, "fcntl")) l = whole(F_WRLCK), r = fcntl(fd, F_SETLKW, &l);
    if (!strcmp(kind, "fcntl-shared")) l = whole(F_RDLCK), r = fcntl(fd, F_SETLKW, &l);
    if (!strcmp(kind, "range")) l = whole(F_WRLCK), l.l_len = 1, r = fcntl(fd, F_SETLKW, &l);
    if (!strcmp(kind, "ofd")) l = whole(F_WRLCK), r = fcntl(fd, F_OFD_SETLKW, &l);
    if (r == 0) return errno == 77 ? 0 : 1000;
    return errno;
}

static void said(int error, double since)
{
    printf("%d %.1f\n", error, now() - since);
    fflush(stdout);
}

static void one(const char *kind, const char *file)
{
    int fd = opened(file);
    double since = now();
    said(locked(kind, fd), since);
}

/* A process that has put its title over the environment it was given. */
static void titled(const char *kind, const char *file)
{
    char **e, *copy, **copies;
    int n = 0, i;

    for (e = environ; *e; e++) n++;
    copies = calloc(n + 1, sizeof *copies);
    for (i = 0; i < n; i++) {
        copy = environ[i];
        copies[i] = strdup(copy);
        memset(copy, 'x', strlen(copy));
    }
    environ = copies;
    one(kind, file);
}

/* The file goes while it is open, as flat databases of Cyrus do. */
static void gone(const char *kind, const char *file)
{
    int fd = opened(file);
    double since = now();

    unlink(file);
    said(locked(kind, fd), since);
}

static volatile sig_atomic_t alarms;
static int inner = -1;

static void on_alarm(int s)
{
    (void) s;
    alarms++;
    if (inner >= 0) {
        struct flock l = whole(F_WRLCK);
        int saved = errno;
        fcntl(inner, F_SETLKW, &l);
        inner = -1;
        errno = saved;
    }
}

static void alarm_every(long first, long again, int flags)
{
    struct sigaction a;
    struct itimerval t = { { again / 1000, again % 1000 * 1000 }, { first / 1000, first % 1000 * 1000 } };

    memset(&a, 0, sizeof a);
    a.sa_handler = on_alarm;
    a.sa_flags = flags;
    sigaction(SIGALRM, &a, NULL);
    setitimer(ITIMER_REAL, &t, NULL);
}

/* Signals come all the time, and the caller asks again each time, as Cyrus does. */
static void alarmed(const char *kind, const char *file, int flags)
{
    int fd = opened(file), error, interrupted = 0;
    double since = now();

    alarm_every(15, 15, flags);
    while ((error = locked(kind, fd)) == EINTR) interrupted++;
    alarm_every(0, 0, 0);
    said(error, since);
    printf("%d %d\n", interrupted, (int) alarms);
    fflush(stdout);
}

static int sigs_blocked(void)
{
    sigset_t set;
    int s, n = 0;

    sigprocmask(SIG_SETMASK, NULL, &set);
    for (s = 1; s < 65; s++) n += sigismember(&set, s) == 1;
    return n;
}

static int timers_left(void)
{
    char line[256];
    int n = 0;
    FILE *f = fopen("/proc/self/timers", "r");

    while (f && fgets(line, sizeof line, f)) n += !strncmp(line, "ID:", 3);
    if (f) fclose(f);
    return n;
}

/* A caller that wants no signals. */
static void masked(const char *kind, const char *file)
{
    int fd = opened(file), error;
    double since = now();
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    printf("%d ", sigs_blocked());
    error = locked(kind, fd);
    printf("%d\n", sigs_blocked());
    said(error, since);
}

/* A handler that waits for a lock inside a wait for a lock. */
static void nested(const char *file, const char *other)
{
    int fd = opened(file);
    double since = now();

    inner = opened(other);
    alarm_every(15, 0, SA_RESTART);
    said(locked("fcntl", fd), since);
    printf("%d %d\n", sigs_blocked(), timers_left());
    fflush(stdout);
}

static const char *shared_file;

static void *waiter(void *kind)
{
    int fd = opened(shared_file);
    int error = locked(kind, fd);
    close(fd);
    return (void *) (long) error;
}

/* All threads wait at once; flock sets each against the others, too. */
static void threads(const char *file)
{
    enum { N = 8 };
    pthread_t t[N];
    void *r;
    double since = now();
    int i, worst = 0;

    shared_file = file;
    for (i = 0; i < N; i++) pthread_create(&t[i], NULL, waiter, (void *) "flock");
    for (i = 0; i < N; i++) {
        pthread_join(t[i], &r);
        if ((long) r != EAGAIN) worst = 1;
    }
    said(worst ? 1000 : EAGAIN, since);
}

/* As a service does for each client: its connection is descriptor 0. */
static void new_client(void)
{
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || dup2(pair[0], 0) < 0) exit(1);
    close(pair[0]);
}

static void once(const char *kind, const char *file)
{
    int fd = opened(file);
    double since = now();

    said(locked(kind, fd), since);
    close(fd);
}

/* One client after the other reads and writes: shared and exclusive locks. */
static void sessions(const char *kind, const char *file, const char *other)
{
    char shared[32], c;
    int in = dup(0);

    snprintf(shared, sizeof shared, "%s-shared", kind);
    new_client();
    once(shared, file);
    if (read(in, &c, 1) != 1) exit(1);
    once(kind, file);
    once(kind, file);
    once(kind, other);
    once(shared, file);
    once(kind, file);
    new_client();
    once(kind, file);
    dup2(in, 0);
}

static void cancelled(const char *file)
{
    pthread_t t;
    void *r;
    double since;

    shared_file = file;
    pthread_create(&t, NULL, waiter, (void *) "fcntl");
    printf("waiting\n");
    fflush(stdout);
    getchar();
    since = now();
    pthread_cancel(t);
    pthread_join(t, &r);
    said(r == PTHREAD_CANCELED ? 0 : 1000, since);
    printf("%d %d\n", sigs_blocked(), timers_left());
    fflush(stdout);
}

/* F_SETLKW is a cancellation point, even when the lock is free. */
static void *doomed(void *file)
{
    struct flock l = whole(F_WRLCK);
    int fd = opened(file);

    pthread_cancel(pthread_self());
    fcntl(fd, F_SETLKW, &l);
    return NULL;
}

#define must(what) do { if (!(what)) { printf("wrong: %s (errno %d)\n", #what, errno); exit(0); } } while (0)

/* All that must be as if the library were not there. */
static void pass(const char *file)
{
    int fd = opened(file), pipes[2], status, other;
    struct flock l;
    pid_t child;
    pthread_t t;
    void *r;

    must(pthread_create(&t, NULL, doomed, (void *) file) == 0 && pthread_join(t, &r) == 0 && r == PTHREAD_CANCELED);
    must(fcntl(fd, F_GETFD) == FD_CLOEXEC);
    must((other = fcntl(fd, F_DUPFD, 100)) == 100 && close(other) == 0);
    must((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    must(pipe(pipes) == 0 && fcntl(pipes[0], F_SETFL, O_NONBLOCK) == 0 && fcntl(pipes[0], F_GETFL) & O_NONBLOCK);
    must(fcntl(pipes[0], F_SETOWN, -getpgrp()) == 0 && fcntl(pipes[0], F_GETOWN) == -getpgrp());
    errno = 0;
    must(fcntl(-1, F_SETLKW, &l) == -1 && errno == EBADF);
    l = whole(F_WRLCK);
    errno = 0;
    must(fcntl(-1, F_SETLKW, &l) == -1 && errno == EBADF);
    errno = 0;
    must(flock(-1, LOCK_EX) == -1 && errno == EBADF);
    errno = 0;
    must(flock(fd, 0) == -1 && errno == EINVAL);
    errno = 0;
    must(fcntl(fd, F_SETLKW, NULL) == -1 && errno == EFAULT);
    l = whole(17);
    errno = 0;
    must(fcntl(fd, F_SETLKW, &l) == -1 && errno == EINVAL);

    l = whole(F_WRLCK);
    must(fcntl(fd, F_SETLKW, &l) == 0);
    child = fork();
    if (child == 0) {
        struct flock seen = whole(F_WRLCK);
        fd = opened(file);
        if (fcntl(fd, F_GETLK, &seen) != 0 || seen.l_type != F_WRLCK || seen.l_pid != getppid()) _exit(1);
        if (fcntl(fd, F_SETLK, &seen) != -1 || (errno != EAGAIN && errno != EACCES)) _exit(2);
        _exit(0);
    }
    must(waitpid(child, &status, 0) == child && status == 0);
    l.l_type = F_UNLCK;
    must(fcntl(fd, F_SETLKW, &l) == 0);

    other = opened(file);
    must(flock(fd, LOCK_EX) == 0 && flock(other, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK);
    must(flock(fd, LOCK_UN) == 0 && flock(other, LOCK_SH) == 0 && flock(fd, LOCK_SH | LOCK_NB) == 0);
    must(sigs_blocked() == 0 && timers_left() == 0);
    printf("0 0\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc > 3 && !strcmp(argv[1], "one")) one(argv[2], argv[3]);
    else if (argc > 3 && !strcmp(argv[1], "titled")) titled(argv[2], argv[3]);
    else if (argc > 3 && !strcmp(argv[1], "gone")) gone(argv[2], argv[3]);
    else if (argc > 3 && !strcmp(argv[1], "masked")) masked(argv[2], argv[3]);
    else if (argc > 3 && !strcmp(argv[1], "interrupted")) alarmed(argv[2], argv[3], 0);
    else if (argc > 3 && !strcmp(argv[1], "restarted")) alarmed(argv[2], argv[3], SA_RESTART);
    else if (argc > 3 && !strcmp(argv[1], "nested")) nested(argv[2], argv[3]);
    else if (argc > 4 && !strcmp(argv[1], "sessions")) sessions(argv[2], argv[3], argv[4]);
    else if (argc > 2 && !strcmp(argv[1], "threads")) threads(argv[2]);
    else if (argc > 2 && !strcmp(argv[1], "cancelled")) cancelled(argv[2]);
    else if (argc > 2 && !strcmp(argv[1], "pass")) pass(argv[2]);
    else if (argc > 1 && !strcmp(argv[1], "nothing")) printf("0 0\n"), fflush(stdout);
    else return 2;
    while (getchar() != EOF) ;
    return 0;
}

#define _GNU_SOURCE
#include "hang.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#ifndef F_OFD_SETLKW
#define F_OFD_SETLKW 38
#endif

enum wait_kind wait_kind;
const char *lock_dir = ".";
volatile int after;

static int open_lock(const char *name)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof path, "%s/%s", lock_dir, name);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void on_alarm(int sig)
{
	for (;;) {
		pause();
		after += sig;
	}
}

static void sleep_long(long long seconds)
{
	struct timespec t = { (time_t)seconds, 0 };

	nanosleep(&t, NULL);
	after++;
}

static void interrupted_sleep(bool altstack)
{
	static _Alignas(16) char stack[65536];
	stack_t ss = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction sa;
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_alarm;
	if (altstack) {
		sigaltstack(&ss, NULL);
		sa.sa_flags = SA_ONSTACK;
	}
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &soon, NULL);
	sleep_long(100000);
	after++;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

__attribute__((noinline))
static void wait_cond(pthread_cond_t *c, pthread_mutex_t *m, int turns)
{
	pthread_mutex_lock(m);
	while (turns-- > 0)
		pthread_cond_wait(c, m);
	after++;
}

__attribute__((noinline))
static long wait_pipe(const int *ends, char *buf, size_t n)
{
	long r = read(ends[0], buf, n);

	after += (int)r;
	return r;
}

static int pipe_ends[2];

static void *cond_thread(void *arg)
{
	wait_cond(&never, &mutex, 1 << 30);
	return arg;
}

static void *pipe_thread(void *arg)
{
	char byte;

	wait_pipe(arg, &byte, 1);
	return arg;
}

static void *flock_thread(void *arg)
{
	union number limit = { .i = 30 };

	wait_here(WAIT_FLOCK, *(int *)arg, limit);
	return arg;
}

static void threads(int fd)
{
	pthread_t t;

	if (pipe(pipe_ends))
		exit(1);
	pthread_create(&t, NULL, cond_thread, NULL);
	pthread_create(&t, NULL, pipe_thread, pipe_ends);
	pthread_create(&t, NULL, flock_thread, &fd);
	pthread_join(t, NULL);
	after++;
}

static int (*volatile nowhere)(int, const char *);

__attribute__((noinline))
static int through_null(int (*call)(int, const char *), int n)
{
	struct sigaction sa;

	memset(&sa, 0, sizeof sa);
	sa.sa_handler = on_alarm;
	sigaction(SIGSEGV, &sa, NULL);
	return call(n, "nowhere") + after;
}

/* Both leave the stack by a jump where they are optimized. */
__attribute__((noinline))
static int lock_blocking(int fd, int how, const char *name)
{
	after += name[0];
	return flock(fd, how);
}

__attribute__((noinline))
static int lock_setlock(int fd, int how, long stamp)
{
	after += (int)stamp;
	return lock_blocking(fd, how | LOCK_EX, "seen");
}

__attribute__((noinline))
int wait_here(enum wait_kind kind, int fd, union number limit)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int r = 0;

	switch (kind) {
	case WAIT_FLOCK:
		r = lock_setlock(fd, 0, 1L << 20);
		break;
	case WAIT_SETLKW:
		r = fcntl(fd, F_SETLKW, &fl);
		break;
	case WAIT_OFD:
		r = fcntl(fd, F_OFD_SETLKW, &fl);
		break;
	case WAIT_SLEEP:
		sleep_long(limit.i * 100000LL);
		break;
	case WAIT_SIGNAL:
		interrupted_sleep(false);
		break;
	case WAIT_ALTSTACK:
		interrupted_sleep(true);
		break;
	case WAIT_THREADS:
		threads(fd);
		break;
	case WAIT_NULLCALL:
		r = through_null(nowhere, fd);
		break;
	}
	after += r;
	return r;
}

int lock_reopen(int fd, const char *filename, struct range *span,
		const char **failaction)
{
	static const char *const files[] = { "flock", "setlkw", "ofd", "flock",
		"flock", "flock", "flock", "flock" };
	union number limit = { .i = 30 };
	int newfd = open_lock(files[wait_kind]);
	int r = wait_here(wait_kind, newfd, limit);

	after += fd + (int)span->count + (filename != NULL);
	*failaction = NULL;
	return r;
}

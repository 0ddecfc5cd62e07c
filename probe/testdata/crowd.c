/* crowd DIR PROCESSES DESCRIPTORS WAITERS [OPENERS]: a busy mail server to measure by.
 *
 * PROCESSES children, each with DESCRIPTORS files of DIR open. The first child
 * holds DIR/jwade.seen with flock; the next WAITERS wait for it; OPENERS more have
 * it open. Says "ready" when all are in place and ends when its input does. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_or_die(const char *dir, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	int fd = open(path, O_RDWR | O_CREAT, 0644);
	if (fd < 0)
		die(path);
	return fd;
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: crowd DIR PROCESSES DESCRIPTORS WAITERS [OPENERS]\n");
		return 2;
	}
	const char *dir = argv[1];
	int processes = atoi(argv[2]), descriptors = atoi(argv[3]), waiters = atoi(argv[4]);
	int openers = argc > 5 ? atoi(argv[5]) : 0, ready[2];
	struct rlimit most = {1 << 16, 1 << 16};

	setrlimit(RLIMIT_NOFILE, &most);
	if (pipe(ready))
		die("pipe");
	for (int i = 0; i < processes; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid) {
			char c; /* the holder comes first */
			if (i == 0 && read(ready[0], &c, 1) != 1)
				die("the holder");
			continue;
		}
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(0);
		for (int j = 0; j < descriptors; j++) {
			char name[64];
			snprintf(name, sizeof name, "cyrus.index.%d", (i * 7 + j) % 1000);
			open_or_die(dir, name);
		}
		int seen = i <= waiters + openers ? open_or_die(dir, "jwade.seen") : -1;
		if (i == 0 && flock(seen, LOCK_EX))
			die("flock");
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		if (i > 0 && i <= waiters)
			flock(seen, LOCK_EX);
		for (;;)
			pause();
	}
	for (int i = 1; i < processes; i++) {
		char c;
		if (read(ready[0], &c, 1) != 1)
			die("ready");
	}
	usleep(400000); /* the last waiter goes to sleep */
	puts("ready");
	fflush(stdout);
	char c;
	while (read(0, &c, 1) > 0)
		;
	return 0;
}

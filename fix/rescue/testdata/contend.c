/* Processes that want the same lock for ever, and watch that never two of them have
 * it. A lock call that fails with EAGAIN is counted and made again.
 *
 *   contend FILE BOARD flock|fcntl PROCESSES MICROSECONDS
 *
 * BOARD is a file that holds struct board. It ends when its standard input does. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

struct board {
	volatile int owner, stop;
	volatile int violations, refused, turns, errors;
};

static int lock(int fd, int how, int type)
{
	struct flock fl;

	if (how)
		return flock(fd, type == F_UNLCK ? LOCK_UN : LOCK_EX);
	memset(&fl, 0, sizeof fl);
	fl.l_type = type;
	fl.l_whence = SEEK_SET;
	return fcntl(fd, F_SETLKW, &fl);
}

static void contend(const char *file, struct board *b, int how, int us)
{
	int fd = open(file, O_RDWR), me = getpid();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!b->stop) {
		if (lock(fd, how, F_WRLCK) < 0) {
			if (errno == EAGAIN)
				__sync_fetch_and_add(&b->refused, 1);
			else if (errno != EINTR)
				__sync_fetch_and_add(&b->errors, 1);
			continue;
		}
		if (!__sync_bool_compare_and_swap(&b->owner, 0, me))
			__sync_fetch_and_add(&b->violations, 1);
		usleep(us);
		if (!__sync_bool_compare_and_swap(&b->owner, me, 0))
			__sync_fetch_and_add(&b->violations, 1);
		__sync_fetch_and_add(&b->turns, 1);
		if (lock(fd, how, F_UNLCK) < 0)
			__sync_fetch_and_add(&b->errors, 1);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	char line[16];
	struct board *b;
	int fd, i, n;

	if (argc != 6)
		return 2;
	fd = open(argv[2], O_RDWR);
	b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd < 0 || b == MAP_FAILED)
		return 1;
	n = atoi(argv[4]);
	for (i = 0; i < n; i++) {
		pid_t pid = fork();

		if (pid == 0)
			contend(argv[1], b, !strcmp(argv[3], "flock"), atoi(argv[5]));
		printf("%d\n", pid);
	}
	fflush(stdout);
	while (read(0, line, sizeof line) > 0)
		;
	b->stop = 1;
	return 0;
}

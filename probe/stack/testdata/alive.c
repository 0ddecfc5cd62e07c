/* Targets that show whether they go on after somebody has looked at them. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

volatile int after;

/* Counts in a file that others can map; half of the time asleep. */
__attribute__((noinline))
static void count_up(volatile unsigned long *count)
{
	struct timespec t = { 0, 20000 };

	for (;;) {
		for (int i = 0; i < 2000; i++)
			++*count;
		nanosleep(&t, NULL);
	}
}

__attribute__((noinline))
static int wait_lock(int fd)
{
	int r = flock(fd, LOCK_EX);

	after++;
	return r;
}

/* Its parent sleeps in a state that no stop can interrupt. */
__attribute__((noinline))
static int wait_child(char *byte)
{
	if (vfork() == 0) {
		if (read(0, byte, 1))
			_exit(0);
		_exit(1);
	}
	after++;
	return 7;
}

__attribute__((noinline))
static void *worker_wait(void *arg)
{
	for (;;) {
		pause();
		after++;
	}
	return arg;
}

int main(int argc, char **argv)
{
	char byte = 0;
	int fd;
	void *shared;
	pthread_t t;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "vfork") == 0)
		return wait_child(&byte);
	if (strcmp(argv[1], "zombie") == 0) {
		pthread_create(&t, NULL, worker_wait, NULL);
		pthread_exit(NULL);
	}
	fd = open(argv[2], O_RDWR | O_CREAT, 0600);
	if (fd < 0)
		return 3;
	if (strcmp(argv[1], "flock") == 0)
		return wait_lock(fd);
	shared = mmap(NULL, sizeof(unsigned long), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (shared == MAP_FAILED)
		return 4;
	count_up(shared);
	return 0;
}

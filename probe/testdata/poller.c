/* poller FILE: waits for a flock as a patched Cyrus does, by trying and sleeping. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

__attribute__((noinline)) int lock_reopen(int fd, const char *filename)
{
	int r;
	while ((r = flock(fd, LOCK_EX | LOCK_NB)) < 0) {
		fprintf(stderr, "lock_reopen-blocked: sleeping, %s\n", filename);
		sleep(1000);
	}
	return r;
}

int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_RDWR);
	return lock_reopen(fd, argv[argc - 1]) + 0 * argc;
}

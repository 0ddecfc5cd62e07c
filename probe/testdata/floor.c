/* floor NAME REPEAT: the least that finding all openers of a file can cost. Reads
 * the text of every descriptor's link on the machine with two threads, as the scan
 * does, and prints the median of REPEAT runs in microseconds, and the hits. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct entry {
	unsigned long long ino;
	long long off;
	unsigned short size;
	unsigned char type;
	char name[];
};

static int *pids, count;
static atomic_int next, hits;
static const char *wanted;

static void *scan(void *unused)
{
	char list[32768], link[8192], path[64];
	size_t length = strlen(wanted);
	int i;
	(void)unused;
	while ((i = atomic_fetch_add(&next, 1)) < count) {
		snprintf(path, sizeof path, "/proc/%d/fd", pids[i]);
		int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir < 0)
			continue;
		long n;
		while ((n = syscall(SYS_getdents64, dir, list, sizeof list)) > 0)
			for (long at = 0; at < n;) {
				struct entry *e = (struct entry *)(list + at);
				at += e->size;
				if (!isdigit((unsigned char)e->name[0]))
					continue;
				long m = readlinkat(dir, e->name, link, sizeof link);
				if (m > (long)length && !memcmp(link + m - length, wanted, length))
					hits++;
			}
		close(dir);
	}
	return NULL;
}

static int compare(const void *a, const void *b)
{
	return *(const long *)a < *(const long *)b ? -1 : 1;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	wanted = argv[1];
	int repeat = atoi(argv[2]);
	long *took = calloc(repeat, sizeof *took);
	for (int r = 0; r < repeat; r++) {
		struct timespec a, b;
		clock_gettime(CLOCK_MONOTONIC, &a);
		DIR *d = opendir("/proc");
		struct dirent *e;
		count = 0;
		while ((e = readdir(d)))
			if (isdigit((unsigned char)e->d_name[0])) {
				pids = realloc(pids, (count + 1) * sizeof *pids);
				pids[count++] = atoi(e->d_name);
			}
		closedir(d);
		next = hits = 0;
		pthread_t second;
		pthread_create(&second, NULL, scan, NULL);
		scan(NULL);
		pthread_join(second, NULL);
		clock_gettime(CLOCK_MONOTONIC, &b);
		took[r] = (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
	}
	qsort(took, repeat, sizeof *took, compare);
	printf("%ld %d\n", took[repeat / 2], (int)hits);
	return 0;
}

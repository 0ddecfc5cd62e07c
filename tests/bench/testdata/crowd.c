/* A busy machine: PROCS processes with FDS descriptors each. The first holds the lock
   on FILE, the next WAITERS wait for it in flock() below a call chain shaped like
   Cyrus's. Prints "ready" when all have been started; ends when its input does.

   usage: crowd PROCS FDS WAITERS FILE */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int lock_reopen(int fd, const char *filename, const char **failaction)
{
    *failaction = "locking";
    while (flock(fd, LOCK_EX) < 0)
        if (errno != EINTR) return -1;
    *failaction = filename;
    return 0;
}

static int starttxn_or_refetch(int fd, const char *fname)
{
    const char *failaction = NULL;
    int r = lock_reopen(fd, fname, &failaction);
    return r ? r : (int)strlen(failaction);
}

static int myfetch(int fd, const char *fname, const char *key, int keylen)
{
    int r = starttxn_or_refetch(fd, fname);
    return r + keylen + key[0];
}

static int seen_readit(int fd, const char *fname, int rw) { return rw + myfetch(fd, fname, "0e461b1e389ccb86", 16); }
static int append_addseen(int fd, const char *fname, const char *userid) { return userid[0] + seen_readit(fd, fname, 1); }
static int index_copy(int fd, const char *fname) { return append_addseen(fd, fname, "jwade") + 1; }
static int cmdloop(int fd, const char *fname) { return index_copy(fd, fname) + 1; }
static int service_main(int fd, const char *fname) { return cmdloop(fd, fname) + 1; }

static void fill(int fds)
{
    /* what a mail worker has open: files, pipes, sockets */
    for (int n = 3; n < fds;) {
        int pair[2];
        switch (n % 5) {
        case 0: if (pipe(pair) < 0) exit(1); n += 2; break;
        case 1: if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) exit(1); n += 2; break;
        default: if (open("/etc/hostname", O_RDONLY) < 0 && open("/dev/null", O_RDONLY) < 0) exit(1); n++;
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) return 2;
    int procs = atoi(argv[1]), fds = atoi(argv[2]), waiters = atoi(argv[3]);
    struct rlimit many = { 1 << 20, 1 << 20 };
    setrlimit(RLIMIT_NOFILE, &many);
    int ready[2];
    char c;
    pid_t *child = calloc(procs, sizeof *child);
    if (!child || pipe(ready) < 0) return perror("crowd"), 1;
    for (int i = 0; i < procs; i++) {
        child[i] = fork();
        if (child[i] < 0) return perror("fork"), 1;
        if (child[i] > 0) {
            if (i == 0 && read(ready[0], &c, 1) != 1) return perror(argv[4]), 1; /* the holder comes first */
            continue;
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(0);
        int fd = i <= waiters ? open(argv[4], O_RDWR | O_CREAT, 0600) : -1;
        fill(fds);
        if (i == 0 && (flock(fd, LOCK_EX) < 0 || write(ready[1], "x", 1) != 1)) _exit(1);
        if (i > 0 && i <= waiters) _exit(service_main(fd, argv[4]) & 1);
        for (;;) pause();
    }
    puts("ready");
    fflush(stdout);
    while (read(0, &c, 1) > 0) { }
    for (int i = 0; i < procs; i++) kill(child[i], SIGKILL);
    return 0;
}

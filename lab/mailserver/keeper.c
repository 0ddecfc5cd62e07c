/* Starts what an incident is made of, and ends all of it.
 *
 * Requests come on standard input: the words of a command, each ended by NUL,
 * the command by one NUL more. The answer on standard output is a line: the pid,
 * or the errno as a negative number. When standard input ends, because cyrlock
 * says so or because it is no more, whatever the reason, every process that
 * descends from this one is killed, and then the folder named as the first
 * argument is removed. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_WORDS = 64, MAX_REQUEST = 32768 };

extern char **environ;

static pid_t start(char **argv)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    static const int used[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGALRM, SIGCHLD, SIGPIPE };
    sigset_t none, ours;
    pid_t pid;
    size_t i;

    /* Signals as usual, whatever cyrlock was started with. */
    sigemptyset(&none);
    sigemptyset(&ours);
    for (i = 0; i < sizeof used / sizeof *used; i++) sigaddset(&ours, used[i]);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &ours);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 2, 1);
    int r = posix_spawn(&pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return r ? -r : pid;
}

/* Answers every whole request in buf; returns how many bytes those were. */
static size_t answer(char *buf, size_t n)
{
    char *argv[MAX_WORDS + 1], *p = buf, *end = buf + n, *nul;
    size_t used = 0;
    int argc = 0;
    for (; p < end && (nul = memchr(p, '\0', end - p)); p = nul + 1) {
        if (*p) {
            if (argc < MAX_WORDS) argv[argc++] = p;
            continue;
        }
        argv[argc] = NULL;
        if (argc) printf("%ld\n", (long)start(argv));
        fflush(stdout);
        argc = 0;
        used = nul + 1 - buf;
    }
    return used;
}

/* Kills our children. None of them can be another process meanwhile: a pid is
 * free again only after we have waited for it. */
static int kill_children(void)
{
    char path[64], stat[512];
    long self = getpid();
    int killed = 0;
    struct dirent *entry;
    DIR *proc = opendir("/proc");
    if (!proc) return 0;
    while ((entry = readdir(proc))) {
        long pid = strtol(entry->d_name, NULL, 10), parent;
        if (!isdigit((unsigned char)entry->d_name[0]) || pid == self) continue;
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd == -1) continue;
        ssize_t n = read(fd, stat, sizeof stat - 1);
        close(fd);
        if (n <= 0) continue;
        stat[n] = '\0';
        char *name_end = strrchr(stat, ')');
        if (name_end && sscanf(name_end + 1, " %*c %ld", &parent) == 1 && parent == self)
            killed += kill(pid, SIGKILL) == 0;
    }
    closedir(proc);
    return killed;
}

/* What a dead child leaves behind comes to us (PR_SET_CHILD_SUBREAPER), so a
 * few rounds reach everything. */
static void end_everything(void)
{
    int n;
    while ((n = kill_children()) > 0)
        while (n-- > 0) wait(NULL);
}

static int remove_entry(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
    (void)sb, (void)type, (void)ftw;
    remove(path);
    return 0;
}

static void child_ended(int sig)
{
    (void)sig; /* it only has to interrupt ppoll */
}

int main(int argc, char **argv)
{
    static char buf[MAX_REQUEST];
    size_t have = 0;
    sigset_t blocked, open_mask;
    struct sigaction action;
    int fd;

    if (argc != 2) return 64;
    for (fd = 3; fd < 1024; fd++) close(fd); /* of whoever started cyrlock */
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    memset(&action, 0, sizeof action);
    action.sa_handler = child_ended;
    sigaction(SIGCHLD, &action, NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGCHLD);
    sigprocmask(SIG_BLOCK, &blocked, &open_mask);

    for (;;) {
        struct pollfd p = { 0, POLLIN, 0 };
        while (waitpid(-1, NULL, WNOHANG) > 0) continue;
        if (ppoll(&p, 1, NULL, &open_mask) == -1) continue;
        ssize_t n = read(0, buf + have, sizeof buf - have);
        if (n <= 0) break;
        have += n;
        size_t used = answer(buf, have);
        have -= used;
        memmove(buf, buf + used, have);
    }
    end_everything();
    nftw(argv[1], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}

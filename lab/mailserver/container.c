/* container PROGRAM ARGUMENT...: runs a program as process 1 of a new PID
 * namespace with a /proc of its own. Needs root. */
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"

int main(int argc, char **argv)
{
    int status;
    if (argc < 2) return 64;
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) == -1) fatal("no new namespaces for", argv[1]);
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1) fatal("no private mounts for", argv[1]);
    pid_t pid = fork();
    if (pid == -1) fatal("cannot fork for", argv[1]);
    if (pid > 0) {
        waitpid(pid, &status, 0);
        return 0;
    }
    if (mount("proc", "/proc", "proc", 0, NULL) == -1) fatal("no /proc for", argv[1]);
    execv(argv[1], argv + 1);
    fatal("cannot run", argv[1]);
}

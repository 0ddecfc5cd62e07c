/* A debugger that was left behind: debugger PID stops the process and forgets it. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"

int main(int argc, char **argv)
{
    int status;
    if (argc != 2) return 64;
    pid_t pid = atoi(argv[1]);
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1) fatal("cannot attach to", argv[1]);
    if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == -1) fatal("cannot stop", argv[1]);
    waitpid(pid, &status, 0);
    for (;;) pause();
}

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include "config.h"
#include "idle.h"
#include "prot.h"

/* malloc is not allowed in a signal handler (signal-safety(7)). When the signal
 * comes while the program is inside malloc, this one waits for the heap's lock,
 * which the code below it will never give back. */
static void idle_handler(int sig)
{
    char *line = malloc(IDLE_LINE);
    if (line) snprintf(line, IDLE_LINE, "* signal %d", sig);
    free(line);
}

/* glibc takes the heap's lock only in a process with a second thread. */
static void *idle_listener(void *unused)
{
    sigset_t news;
    int sig;
    sigemptyset(&news);
    sigaddset(&news, SIGUSR1);
    while (sigwait(&news, &sig) == 0) continue;
    return unused;
}

static void set_timer(long microseconds)
{
    struct itimerval every;
    memset(&every, 0, sizeof every);
    every.it_interval.tv_usec = every.it_value.tv_usec = microseconds;
    setitimer(ITIMER_REAL, &every, NULL);
}

void idle_start(void)
{
    struct sigaction action;
    sigset_t all, before;
    pthread_t listener;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* the listener inherits it */
    if (pthread_create(&listener, NULL, idle_listener, NULL)) fatal("thread for", "IDLE");
    pthread_detach(listener);
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    memset(&action, 0, sizeof action);
    action.sa_handler = idle_handler;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    set_timer(500);
}

void idle_stop(void)
{
    set_timer(0);
}

/* Has the client sent something, or gone? */
int idle_done(struct protstream *in)
{
    struct pollfd p = { in->fd, POLLIN, 0 };
    return in->begin < in->end || poll(&p, 1, 0) > 0;
}

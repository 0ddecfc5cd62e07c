/* Starts the services of cyrus.conf and replaces every worker that ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"
#include "service.h"

enum { MAX_SERVICES = 4, MAX_WORKERS = 32 };

struct service {
    char name[32], program[32];
    int prefork, fd;
    pid_t worker[MAX_WORKERS];
};

static struct service services[MAX_SERVICES];
static int nservices;
static const char *conf;
static char *bin; /* the folder that this program is in */

/* The lines of SERVICES: imap cmd="imapd" listen="127.0.0.1:0" prefork=4 */
static void read_services(const char *path)
{
    char line[512];
    FILE *f = fopen(path, "r");
    if (!f) fatal("configuration file", path);
    while (nservices < MAX_SERVICES && fgets(line, sizeof line, f)) {
        struct service *s = &services[nservices];
        char *prefork = strstr(line, "prefork=");
        if (!prefork || sscanf(line, " %31s cmd=\"%31[^\"]\"", s->name, s->program) != 2) continue;
        s->prefork = atoi(prefork + strlen("prefork="));
        if (s->prefork > MAX_WORKERS) s->prefork = MAX_WORKERS;
        nservices++;
    }
    fclose(f);
}

/* Listens on any free port of the loopback interface, and says which. */
static void listen_for(struct service *s)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd == -1 || bind(s->fd, (struct sockaddr *)&address, sizeof address) == -1 ||
        listen(s->fd, 32) == -1 || getsockname(s->fd, (struct sockaddr *)&address, &length) == -1)
        fatal("socket for", s->name);
    char *path = path_join("%s/socket/%s.port", config_dir, s->name);
    FILE *f = fopen(path, "w");
    if (!f || fprintf(f, "%d\n", ntohs(address.sin_port)) < 0 || fclose(f)) fatal("port file", path);
    free(path);
}

static void run_worker(struct service *s)
{
    char *program = path_join("%s/%s", bin, s->program);
    char *argv[] = { s->program, (char *)"-C", (char *)conf, NULL };
    if (dup2(s->fd, LISTEN_FD) == -1) fatal("socket for", s->name);
    if (s->fd == LISTEN_FD) fcntl(LISTEN_FD, F_SETFD, 0);
    setenv("CYRUS_SERVICE", s->name, 1);
    execv(program, argv);
    fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(71); /* EX_OSERR */
}

static pid_t start_worker(struct service *s)
{
    pid_t pid = fork();
    if (pid == 0) run_worker(s);
    return pid;
}

/* Forgets which worker pid was, and starts another in its place. */
static void replace(pid_t pid, int status)
{
    int i, n;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 71) exit(71);
    for (i = 0; i < nservices; i++)
        for (n = 0; n < services[i].prefork; n++)
            if (services[i].worker[n] == pid) services[i].worker[n] = start_worker(&services[i]);
}

int main(int argc, char **argv)
{
    const char *cyrus_conf = NULL, *pidfile = NULL;
    int i, n, opt, status;

    while ((opt = getopt(argc, argv, "C:M:p:")) != -1) {
        if (opt == 'C') conf = optarg;
        else if (opt == 'M') cyrus_conf = optarg;
        else if (opt == 'p') pidfile = optarg;
    }
    if (!conf || !cyrus_conf || !pidfile) {
        fprintf(stderr, "usage: master -C imapd.conf -M cyrus.conf -p pidfile\n");
        return 64;
    }
    config_read(conf);
    allow_debuggers();
    read_services(cyrus_conf);
    bin = path_join("%s", argv[0]);
    if (strrchr(bin, '/')) *strrchr(bin, '/') = '\0';

    for (i = 0; i < nservices; i++) listen_for(&services[i]);
    for (i = 0; i < nservices; i++)
        for (n = 0; n < services[i].prefork; n++) services[i].worker[n] = start_worker(&services[i]);

    char *fresh = path_join("%s.new", pidfile);
    FILE *f = fopen(fresh, "w");
    if (!f || fprintf(f, "%ld\n", (long)getpid()) < 0 || fclose(f) || rename(fresh, pidfile) == -1)
        fatal("pid file", pidfile);

    for (;;) {
        pid_t pid = wait(&status);
        if (pid > 0) replace(pid, status);
        else if (errno == ECHILD) return 0;
    }
}

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "config.h"
#include "proc.h"
#include "service.h"
#include "setproctitle.h"

const char *service_name;
char service_client[64];

static int lockfd;

static void getlockfd(void)
{
    char *path = path_join("%s/socket/%s-0.lock", config_dir, service_name);
    lockfd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lockfd == -1) fatal("accept lock", path);
    free(path);
}

/* Workers with nothing to do queue here: one sleeps in accept, the others wait
 * for its lock. That is rest, not a hang. */
static void lockaccept(void)
{
    struct flock all;
    memset(&all, 0, sizeof all);
    all.l_type = F_WRLCK;
    all.l_whence = SEEK_SET;
    while (fcntl(lockfd, F_SETLKW, &all) == -1)
        if (errno != EINTR) fatal("accept lock of", service_name);
}

static void unlockaccept(void)
{
    struct flock all;
    memset(&all, 0, sizeof all);
    all.l_type = F_UNLCK;
    all.l_whence = SEEK_SET;
    fcntl(lockfd, F_SETLKW, &all);
}

static int next_client(void)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    char address[INET_ADDRSTRLEN];
    int fd;

    lockaccept();
    do {
        fd = accept(LISTEN_FD, (struct sockaddr *)&peer, &length);
    } while (fd == -1 && (errno == EINTR || errno == ECONNABORTED));
    unlockaccept();
    if (fd == -1) fatal("accept for", service_name);
    inet_ntop(AF_INET, &peer.sin_addr, address, sizeof address);
    snprintf(service_client, sizeof service_client, "localhost [%s]", address);

    /* A small send queue, so that a practice mailbox is enough to fill it. */
    int room = 4096;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    return fd;
}

static void stdio_is(int fd)
{
    int i;
    for (i = 0; i < 3; i++) dup2(fd, i);
    close(fd);
}

int main(int argc, char **argv, char **envp)
{
    const char *conf = NULL;
    int opt;

    while ((opt = getopt(argc, argv, "C:")) != -1)
        if (opt == 'C') conf = optarg;
    service_name = getenv("CYRUS_SERVICE");
    if (!conf || !service_name) {
        fprintf(stderr, "%s: started by master, with -C imapd.conf\n", argv[0]);
        return 64; /* EX_USAGE */
    }
    conf = xstrdup(conf);
    service_name = xstrdup(service_name);
    config_read(conf);
    setproctitle_init(argc, argv, envp);
    allow_debuggers();
    signal(SIGPIPE, SIG_IGN);
    getlockfd();
    for (;;) {
        stdio_is(next_client());
        service_main(argc, argv, envp);
        proc_cleanup();
        setproctitle("%sd: idle", service_name);
        stdio_is(open("/dev/null", O_RDWR));
    }
}

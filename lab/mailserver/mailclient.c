/* A mail program: mailclient PORT STEP...
 *
 * A step is a line to send; its answer is read before the next step. Others:
 *   &LINE    send it and do not wait for the answer
 *   !stall   read nothing until SIGUSR1 comes: the laptop is closed
 *   !again   back to the step before this one, for ever
 *   !leave   close the connection and end
 * After the last step it reads what comes until the server hangs up. */
#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include "config.h"

static int dial(int port)
{
    struct sockaddr_in address;
    int room = 4096; /* little room for what we have not read, so that a stall shows soon */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (fd == -1) fatal("socket for", "the client");
    int at_once = 1; /* short lines would wait for each other's acknowledgement */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == -1) fatal("connection to", "the server");
    return fd;
}

/* The last line of an answer begins with the command's tag in IMAP, with three
 * digits and a blank in LMTP, with + or - in POP (and where IMAP asks for more). */
static int is_last(const char *line, const char *sent)
{
    size_t tag = strcspn(sent, " ");
    if (line[0] == '+' || line[0] == '-') return 1;
    if (isdigit((unsigned char)line[0]) && isdigit((unsigned char)line[1]) &&
        isdigit((unsigned char)line[2]) && line[3] == ' ') return 1;
    return tag > 0 && !strncmp(line, sent, tag) && line[tag] == ' ';
}

static void read_answer(FILE *server, const char *sent)
{
    char line[2048];
    while (fgets(line, sizeof line, server))
        if (is_last(line, sent)) return;
    exit(0); /* the server hung up */
}

static void send_line(int fd, const char *line)
{
    if (dprintf(fd, "%s\r\n", line) < 0) exit(0); /* the server hung up */
}

int main(int argc, char **argv)
{
    char line[2048];
    sigset_t wake;
    int i, sig;

    if (argc < 2) return 64;
    allow_debuggers();
    sigemptyset(&wake);
    sigaddset(&wake, SIGUSR1);
    sigprocmask(SIG_BLOCK, &wake, NULL);
    signal(SIGPIPE, SIG_IGN);

    int fd = dial(atoi(argv[1]));
    FILE *server = fdopen(fd, "r");
    if (!server || !fgets(line, sizeof line, server)) fatal("no greeting from", "the server");
    for (i = 2; i < argc; i++) {
        const char *step = argv[i];
        if (!strcmp(step, "!stall")) sigwait(&wake, &sig);
        else if (!strcmp(step, "!leave")) return 0;
        else if (!strcmp(step, "!again")) i -= 2;
        else {
            send_line(fd, step[0] == '&' ? step + 1 : step);
            if (step[0] != '&') read_answer(server, step);
        }
    }
    while (fgets(line, sizeof line, server)) continue;
    return 0;
}

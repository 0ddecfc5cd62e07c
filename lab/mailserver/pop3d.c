#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "config.h"
#include "mailbox.h"
#include "proc.h"
#include "prot.h"
#include "service.h"
#include "setproctitle.h"

static struct protstream in, out;
static struct mailbox inbox;

/* The mailbox must not change under a session that counts messages from one, so
 * it shares the header's lock for as long as the client likes to stay. */
static void openinbox(const char *user)
{
    char *name = path_join("user.%s", user);
    mailbox_close(&inbox);
    int r = mailbox_open_header(name, &inbox);
    free(name);
    if (!r) r = mailbox_share_header(&inbox);
    if (r) {
        prot_printf(&out, "-ERR [SYS/TEMP] cannot open your inbox\r\n");
        return;
    }
    proc_register(service_client, user, inbox.name);
    setproctitle("pop3d: %s %s", service_client, user);
    prot_printf(&out, "+OK %u messages\r\n", inbox.exists);
}

static void cmdloop(void)
{
    char line[512], user[64] = "";

    prot_printf(&out, "+OK POP3 practice server ready\r\n");
    while (prot_flush(&out) == 0 && prot_line(&in, line, sizeof line)) {
        if (!strncasecmp(line, "QUIT", 4)) break;
        if (!strncasecmp(line, "USER ", 5)) snprintf(user, sizeof user, "%.63s", line + 5);
        if (!strncasecmp(line, "PASS ", 5)) openinbox(user);
        else prot_printf(&out, "+OK\r\n");
    }
}

int service_main(int argc, char **argv, char **envp)
{
    (void)argc, (void)argv, (void)envp;
    prot_init(&in, 0);
    prot_init(&out, 1);
    cmdloop();
    mailbox_close(&inbox);
    return 0;
}

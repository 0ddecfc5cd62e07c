#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "append.h"
#include "config.h"
#include "prot.h"
#include "service.h"
#include "setproctitle.h"

static struct protstream in, out;

/* "RCPT TO:<jwade+FaMiLy@example.com>" is for user.jwade.FaMiLy. */
static char *recipient_mailbox(const char *line)
{
    char *p, *name = path_join("user.%s", strchr(line, '<') ? strchr(line, '<') + 1 : "");
    name[strcspn(name, "@>")] = '\0';
    for (p = name; *p; p++)
        if (*p == '+') *p = '.';
    return name;
}

/* A delivery records its time in the header, so it locks that first. */
static int deliver(const char *mailboxname)
{
    struct appendstate as;
    unsigned long uidvalidity, start, num;
    int r = append_setup(&as, mailboxname, NULL, 1);
    if (r) return r;
    r = append_message(&as);
    if (r) {
        append_abort(&as);
        return r;
    }
    return append_commit(&as, &uidvalidity, &start, &num);
}

static void read_message(void)
{
    char line[1024];
    prot_printf(&out, "354 go ahead\r\n");
    prot_flush(&out);
    while (prot_line(&in, line, sizeof line) && strcmp(line, ".")) continue;
}

static void lmtpmode(void)
{
    char line[512], *mailboxname = NULL;

    prot_printf(&out, "220 localhost LMTP practice server ready\r\n");
    while (prot_flush(&out) == 0 && prot_line(&in, line, sizeof line)) {
        if (!strncasecmp(line, "QUIT", 4)) break;
        if (!strncasecmp(line, "RCPT", 4)) {
            free(mailboxname);
            mailboxname = recipient_mailbox(line);
        }
        if (strncasecmp(line, "DATA", 4)) {
            prot_printf(&out, "250 ok\r\n");
        } else if (!mailboxname) {
            prot_printf(&out, "503 no recipient\r\n");
        } else {
            read_message();
            if (deliver(mailboxname)) prot_printf(&out, "451 4.3.0 System I/O error\r\n");
            else prot_printf(&out, "250 2.1.5 delivered\r\n");
        }
    }
    free(mailboxname);
}

int service_main(int argc, char **argv, char **envp)
{
    (void)argc, (void)argv, (void)envp;
    prot_init(&in, 0);
    prot_init(&out, 1);
    setproctitle("lmtpd: %s", service_client);
    lmtpmode();
    return 0;
}

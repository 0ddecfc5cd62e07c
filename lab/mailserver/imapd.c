#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "config.h"
#include "imapd.h"
#include "index.h"
#include "mailbox.h"
#include "proc.h"
#include "prot.h"
#include "service.h"
#include "setproctitle.h"

static struct protstream in, out;
struct protstream *imapd_in = &in, *imapd_out = &out;
char *imapd_userid;

static struct mailbox selected;

static void register_session(void)
{
    const char *user = imapd_userid ? imapd_userid : "", *mailbox = selected.name ? selected.name : "";
    proc_register(service_client, user, mailbox);
    setproctitle("imapd: %s %s %s", service_client, user, mailbox);
}

/* "INBOX.FaMiLy" is user.jwade.FaMiLy to the server. */
static char *internal_name(const char *name)
{
    if (strncasecmp(name, "INBOX", 5) || !imapd_userid) return xstrdup(name);
    return path_join("user.%s%s", imapd_userid, name + 5);
}

static void answer(const char *tag, int r)
{
    static const char *const text[] = {
        "OK Completed", "NO System I/O error", "NO Mailbox does not exist", "BAD Please select a mailbox first",
    };
    prot_printf(imapd_out, "%s %s\r\n", tag, text[r]);
}

static void cmd_login(const char *tag, const char *user)
{
    free(imapd_userid);
    imapd_userid = xstrdup(user);
    register_session();
    answer(tag, MAILBOX_OK);
}

static void cmd_select(const char *tag, const char *name)
{
    char *internal = internal_name(name);
    index_closemailbox(&selected);
    int r = mailbox_open_header(internal, &selected);
    free(internal);
    if (!r) index_newmailbox(&selected);
    register_session();
    answer(tag, r);
}

static void cmd_noop(const char *tag)
{
    index_check(&selected, 0, 1);
    answer(tag, MAILBOX_OK);
}

/* STORE 1:* +FLAGS (Family) */
static void cmd_store(const char *tag, char *flags)
{
    char *keyword = flags + (*flags == '(');
    keyword[strcspn(keyword, ")")] = '\0';
    answer(tag, index_store(&selected, keyword));
}

static void cmd_copy(char *tag, char *sequence, char *name, int usinguid)
{
    char *copyuid = NULL, *mailboxname = internal_name(name);
    int r = index_copy(&selected, sequence, usinguid, mailboxname, &copyuid);
    if (!r && copyuid) prot_printf(imapd_out, "%s OK [COPYUID %s] Completed\r\n", tag, copyuid);
    else answer(tag, r);
    free(copyuid);
    free(mailboxname);
}

static void cmd_rename(const char *tag, const char *oldname, const char *newname)
{
    char *old = internal_name(oldname), *new = internal_name(newname);
    answer(tag, mailbox_rename(old, new));
    free(old);
    free(new);
}

/* SEARCH BODY 500 is work for half a second. */
static void cmd_search(const char *tag, const char *milliseconds)
{
    answer(tag, index_search(&selected, atol(milliseconds)));
}

static void cmd_idle(const char *tag)
{
    char line[64];
    prot_printf(imapd_out, "+ idling\r\n");
    prot_flush(imapd_out);
    index_idle(&selected);
    if (prot_line(imapd_in, line, sizeof line)) answer(tag, MAILBOX_OK);
}

static void cmdloop(void)
{
    char line[512], none[1] = "", *word[7], *rest;

    prot_printf(imapd_out, "* OK localhost IMAP4 practice server ready\r\n");
    while (prot_flush(imapd_out) == 0 && prot_line(imapd_in, line, sizeof line)) {
        int i, usinguid;
        for (i = 0; i < 7; i++) {
            word[i] = strtok_r(i ? NULL : line, " ", &rest);
            if (!word[i]) word[i] = none;
        }
        char *tag = word[0], **cmd = word + 1;
        usinguid = !strcasecmp(*cmd, "UID");
        cmd += usinguid;

        if (!strcasecmp(*cmd, "LOGIN")) cmd_login(tag, cmd[1]);
        else if (!strcasecmp(*cmd, "LOGOUT")) break;
        else if (!imapd_userid) answer(tag, IMAP_USAGE);
        else if (!strcasecmp(*cmd, "SELECT")) cmd_select(tag, cmd[1]);
        else if (!strcasecmp(*cmd, "RENAME")) cmd_rename(tag, cmd[1], cmd[2]);
        else if (!selected.name) answer(tag, IMAP_USAGE);
        else if (!strcasecmp(*cmd, "NOOP")) cmd_noop(tag);
        else if (!strcasecmp(*cmd, "STORE")) cmd_store(tag, cmd[3]);
        else if (!strcasecmp(*cmd, "COPY")) cmd_copy(tag, cmd[1], cmd[2], usinguid);
        else if (!strcasecmp(*cmd, "SEARCH")) cmd_search(tag, cmd[2]);
        else if (!strcasecmp(*cmd, "IDLE")) cmd_idle(tag);
        else answer(tag, IMAP_USAGE);
    }
}

int service_main(int argc, char **argv, char **envp)
{
    (void)argc, (void)argv, (void)envp;
    prot_init(imapd_in, 0);
    prot_init(imapd_out, 1);
    register_session();
    cmdloop();
    index_closemailbox(&selected);
    free(imapd_userid);
    imapd_userid = NULL;
    return 0;
}

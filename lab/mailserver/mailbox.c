#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "config.h"
#include "lock.h"
#include "mailbox.h"

/* Reads a file of our own making whole; NULL: it cannot be read. */
static char *contents(int fd)
{
    static char text[4096];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    if (n < 0) return NULL;
    text[n] = '\0';
    return text;
}

static int mailbox_read_index(struct mailbox *mailbox)
{
    char *text = contents(mailbox->index_fd);
    if (!text || sscanf(text, "exists %u last_uid %u", &mailbox->exists, &mailbox->last_uid) != 2)
        return IMAP_IOERROR;
    return MAILBOX_OK;
}

static int open_in(struct mailbox *mailbox, const char *file)
{
    char *path = path_join("%s/%s", mailbox->path, file);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    free(path);
    return fd;
}

/* user.jwade.FaMiLy is kept in partition-default/user/jwade/FaMiLy. */
int mailbox_open_header(const char *name, struct mailbox *mailbox)
{
    char uniqueid[17], *p;
    memset(mailbox, 0, sizeof *mailbox);
    if (!name[0] || strchr(name, '/')) {
        mailbox->header_fd = mailbox->index_fd = -1;
        return IMAP_MAILBOX_NONEXISTENT;
    }
    mailbox->name = xstrdup(name);
    mailbox->path = path_join("%s/%s", config_getstring("partition-default", "."), name);
    for (p = mailbox->path + strlen(mailbox->path) - strlen(name); *p; p++)
        if (*p == '.') *p = '/';
    mailbox->header_fd = open_in(mailbox, "cyrus.header");
    mailbox->index_fd = open_in(mailbox, "cyrus.index");
    if (mailbox->header_fd == -1 || mailbox->index_fd == -1) {
        mailbox_close(mailbox);
        return IMAP_MAILBOX_NONEXISTENT;
    }
    char *text = contents(mailbox->header_fd);
    if (!text || sscanf(text, "uniqueid %16s", uniqueid) != 1 || mailbox_read_index(mailbox)) {
        mailbox_close(mailbox);
        return IMAP_IOERROR;
    }
    mailbox->uniqueid = xstrdup(uniqueid);
    return MAILBOX_OK;
}

void mailbox_close(struct mailbox *mailbox)
{
    if (mailbox->name) {
        if (mailbox->header_fd != -1) close(mailbox->header_fd);
        if (mailbox->index_fd != -1) close(mailbox->index_fd);
    }
    free(mailbox->name);
    free(mailbox->path);
    free(mailbox->uniqueid);
    memset(mailbox, 0, sizeof *mailbox);
}

static int mailbox_lock(struct mailbox *mailbox, int fd, const char *file)
{
    struct stat sbuf;
    const char *lockfailaction;
    char *path = path_join("%s/%s", mailbox->path, file);
    int r = lock_reopen(fd, path, &sbuf, &lockfailaction);
    if (r == -1) fprintf(stderr, "IOERROR: %s %s\n", lockfailaction, path);
    free(path);
    return r == -1 ? IMAP_IOERROR : MAILBOX_OK;
}

int mailbox_lock_header(struct mailbox *mailbox)
{
    return mailbox_lock(mailbox, mailbox->header_fd, "cyrus.header");
}

int mailbox_share_header(struct mailbox *mailbox)
{
    return lock_shared(mailbox->header_fd) == -1 ? IMAP_IOERROR : MAILBOX_OK;
}

void mailbox_unlock_header(struct mailbox *mailbox)
{
    lock_unlock(mailbox->header_fd);
}

/* The header lists the keywords that messages of the mailbox may carry. */
int mailbox_add_keyword(struct mailbox *mailbox, const char *keyword)
{
    char *text = contents(mailbox->header_fd);
    if (!text) return IMAP_IOERROR;
    if (strstr(text, keyword)) return MAILBOX_OK;
    char *line = path_join("keyword %s\n", keyword);
    ssize_t n = pwrite(mailbox->header_fd, line, strlen(line), strlen(text));
    free(line);
    return n == -1 ? IMAP_IOERROR : MAILBOX_OK;
}

int mailbox_lock_index(struct mailbox *mailbox)
{
    int r = mailbox_lock(mailbox, mailbox->index_fd, "cyrus.index");
    return r ? r : mailbox_read_index(mailbox);
}

void mailbox_unlock_index(struct mailbox *mailbox)
{
    lock_unlock(mailbox->index_fd);
}

int mailbox_write_index(struct mailbox *mailbox)
{
    char text[64];
    int n = snprintf(text, sizeof text, "exists %-10u last_uid %-10u\n", mailbox->exists, mailbox->last_uid);
    return pwrite(mailbox->index_fd, text, n, 0) == n ? MAILBOX_OK : IMAP_IOERROR;
}

/* Takes both headers, the old one first: two renames that cross can lock each
 * other out, and so can a rename and a copy. */
int mailbox_rename(const char *oldname, const char *newname)
{
    struct mailbox old, new;
    int r = mailbox_open_header(oldname, &old);
    if (r) return r;
    r = mailbox_open_header(newname, &new);
    if (r) {
        mailbox_close(&old);
        return r;
    }
    r = mailbox_lock_header(&old);
    if (!r) r = mailbox_lock_header(&new);
    if (!r) r = mailbox_add_keyword(&new, "renamed");
    mailbox_close(&new); /* closing gives the locks back */
    mailbox_close(&old);
    return r;
}

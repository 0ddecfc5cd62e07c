/* A mailbox: a folder with cyrus.header (who it is) and cyrus.index (what is in it). */
#ifndef MAILBOX_H
#define MAILBOX_H

enum { MAILBOX_OK = 0, IMAP_IOERROR = 1, IMAP_MAILBOX_NONEXISTENT = 2, IMAP_USAGE = 3 };

struct mailbox {
    char *name;        /* "user.jwade.FaMiLy" */
    char *path;
    char *uniqueid;    /* the key of its line in every seen file */
    int header_fd;
    int index_fd;
    unsigned exists;   /* messages in it */
    unsigned last_uid;
};

int mailbox_open_header(const char *name, struct mailbox *mailbox);
void mailbox_close(struct mailbox *mailbox);

int mailbox_lock_header(struct mailbox *mailbox);
int mailbox_share_header(struct mailbox *mailbox);
void mailbox_unlock_header(struct mailbox *mailbox);
int mailbox_add_keyword(struct mailbox *mailbox, const char *keyword);

int mailbox_lock_index(struct mailbox *mailbox);
void mailbox_unlock_index(struct mailbox *mailbox);
int mailbox_write_index(struct mailbox *mailbox);

int mailbox_rename(const char *oldname, const char *newname);

#endif

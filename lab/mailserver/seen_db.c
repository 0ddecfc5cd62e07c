#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "config.h"
#include "cyrusdb.h"
#include "mailbox.h"
#include "seen.h"

#define DB (&cyrusdb_flat)

struct seen {
    char *user;
    char *uniqueid;
    struct db *db;
    struct txn *tid;
};

/* The folder for a user's file. A letter is all that is asked of it; this sum
 * sends jwade to "p", where the report that started it all found him. */
static char seen_folder(const char *userid)
{
    unsigned sum = 0;
    while (*userid) sum += (unsigned char)*userid++;
    return 'a' + sum * 5 % 26;
}

int seen_open(struct mailbox *mailbox, const char *userid, struct seen **seendbptr)
{
    struct seen *seendb = xmalloc(sizeof *seendb);
    char *fname = path_join("%s/user/%c/%s.seen", config_dir, seen_folder(userid), userid);
    int r = DB->open(fname, &seendb->db);
    free(fname);
    if (r) {
        free(seendb);
        return IMAP_IOERROR;
    }
    seendb->user = xstrdup(userid);
    seendb->uniqueid = xstrdup(mailbox->uniqueid);
    seendb->tid = NULL;
    *seendbptr = seendb;
    return MAILBOX_OK;
}

/* A line that does not parse is an error, and the error leaves by the side
 * door: the transaction is not given back and the file stays locked. Cyrus
 * before 2.1.0 did that too; it is one of the hangs to practise on. */
static int seen_readit(struct seen *seendb, time_t *lastreadptr, unsigned int *lastuidptr,
                       time_t *lastchangeptr, char **seenuidsptr, int rw)
{
    const char *data;
    int datalen, version, used = 0;
    long lastread, lastchange;

    int r = DB->fetchlock(seendb->db, seendb->uniqueid, (int)strlen(seendb->uniqueid),
                          &data, &datalen, &seendb->tid);
    if (r == CYRUSDB_NOTFOUND) {
        *lastreadptr = *lastchangeptr = 0;
        *lastuidptr = 0;
        *seenuidsptr = xstrdup("");
        return MAILBOX_OK;
    }
    if (r) return IMAP_IOERROR;
    if (sscanf(data, "%d %ld %u %ld %n", &version, &lastread, lastuidptr, &lastchange, &used) < 4 || version != 1)
        return IMAP_IOERROR;
    *lastreadptr = lastread;
    *lastchangeptr = lastchange;
    *seenuidsptr = xstrdup(data + used);
    free((char *)data);
    if (!rw) seen_unlock(seendb);
    return MAILBOX_OK;
}

int seen_lockread(struct seen *seendb, time_t *lastreadptr, unsigned int *lastuidptr,
                  time_t *lastchangeptr, char **seenuidsptr)
{
    return seen_readit(seendb, lastreadptr, lastuidptr, lastchangeptr, seenuidsptr, 1);
}

int seen_write(struct seen *seendb, time_t lastread, unsigned int lastuid,
               time_t lastchange, const char *seenuids)
{
    char *data = path_join("1 %ld %u %ld %s", (long)lastread, lastuid, (long)lastchange, seenuids);
    int r = DB->store(seendb->db, seendb->uniqueid, (int)strlen(seendb->uniqueid),
                      data, (int)strlen(data), &seendb->tid);
    free(data);
    return r ? IMAP_IOERROR : MAILBOX_OK;
}

int seen_unlock(struct seen *seendb)
{
    if (!seendb->tid) return MAILBOX_OK;
    int r = DB->commit(seendb->db, seendb->tid);
    seendb->tid = NULL;
    return r ? IMAP_IOERROR : MAILBOX_OK;
}

int seen_close(struct seen *seendb)
{
    int r = seen_unlock(seendb);
    DB->close(seendb->db);
    free(seendb->user);
    free(seendb->uniqueid);
    free(seendb);
    return r;
}

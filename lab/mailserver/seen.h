/* Which messages a user has read: one file per user, one line per mailbox. */
#ifndef SEEN_H
#define SEEN_H

#include <time.h>

struct mailbox;
struct seen;

int seen_open(struct mailbox *mailbox, const char *userid, struct seen **seendbptr);
/* Locks the file and reads the mailbox's line; *seenuidsptr is the caller's to
 * free. The lock stays until seen_unlock or seen_close. */
int seen_lockread(struct seen *seendb, time_t *lastreadptr, unsigned int *lastuidptr,
                  time_t *lastchangeptr, char **seenuidsptr);
int seen_write(struct seen *seendb, time_t lastread, unsigned int lastuid,
               time_t lastchange, const char *seenuids);
int seen_unlock(struct seen *seendb);
int seen_close(struct seen *seendb);

#endif

/* The target of the backtrace tests: a chain of calls with the shape of a Cyrus
 * imapd that copies a message, ending in one of several calls that never return. */
#ifndef HANG_H
#define HANG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum wait_kind {
	WAIT_FLOCK, WAIT_SETLKW, WAIT_OFD, WAIT_SLEEP, WAIT_SIGNAL, WAIT_ALTSTACK, WAIT_THREADS, WAIT_NULLCALL
};

enum seen_flag { SEEN_NONE = 0, SEEN_RW = 1, SEEN_CREATE = 2, SEEN_SILENT = 4 };

struct range { unsigned low, high; long count; bool open_ended; };

union number { int i; double d; char bytes[8]; };

struct mailbox {
	const char *name;
	unsigned long uidvalidity;
	int lock_fd;
	struct range recent;
};

struct seen { const char *user; struct db *db; enum seen_flag flags; };

struct txn { int id; struct txn *next; };

struct db { const char *fname; int fd; enum wait_kind kind; };

typedef int visit_fn(void *rock, const char *key, unsigned char tag);

extern enum wait_kind wait_kind;
extern const char *lock_dir;

int index_copy(struct mailbox *mailbox, const char *sequence, int usinguid,
	       char *name, char **copyuidp, unsigned long quota, short depth,
	       float weight);
int seen_lockread(struct seen *seendb, time_t *last, unsigned *uid, char **uids,
		  signed char mark);
int db_foreach(struct db *db, const char *prefix, size_t len, visit_fn *visit,
	       void *rock, struct txn **tid);
int lock_reopen(int fd, const char *filename, struct range *span,
		const char **failaction);
int wait_here(enum wait_kind kind, int fd, union number limit);

/* What a caller does after a call, so that the call is no jump unless it is meant to be. */
extern volatile int after;

#endif

#include "hang.h"

struct readit { struct seen *seendb; unsigned *uid; };

static int visit(void *rock, const char *key, unsigned char tag)
{
	struct readit *r = rock;

	after += key[0] + tag;
	return (int)*r->uid;
}

__attribute__((noinline))
static int seen_readit(struct seen *seendb, time_t *last, unsigned *uid,
		       char **uids, bool rw)
{
	struct readit rock = { seendb, uid };
	struct txn *tid = NULL;
	int r;

	r = db_foreach(seendb->db, seendb->user, 5, visit, &rock, rw ? &tid : NULL);
	after += r + (int)*last + (uids != NULL);
	return r;
}

int seen_lockread(struct seen *seendb, time_t *last, unsigned *uid, char **uids,
		  signed char mark)
{
	after += mark;
	return seen_readit(seendb, last, uid, uids, mark < 0); /* a jump, where optimized */
}

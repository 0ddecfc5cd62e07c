#include "hang.h"
#include <alloca.h>
#include <stdio.h>
#include <string.h>

struct appendstate { struct mailbox *mailbox; const char *user; unsigned nummsg; };

struct visit_rock { struct seen *seendb; int calls; };

__attribute__((noinline))
static int append_addseen(struct mailbox *mailbox, const char *userid,
			  const char *msgrange, struct range recent,
			  union number weight, enum seen_flag flags)
{
	struct db db = { mailbox->name, -1, wait_kind };
	struct seen seendb = { userid, &db, flags };
	time_t last = 0;
	unsigned uid = recent.low;
	char *uids = (char *)msgrange;
	int r = seen_lockread(&seendb, &last, &uid, &uids, -7);

	after += (int)uid + (int)last + (int)weight.i;
	return r;
}

/* Compilers inline this one: gdb then shows a frame that has no registers of its own. */
static inline int append_each(struct appendstate *as, unsigned first, unsigned last)
{
	union number weight = { .d = 2.5 };
	int r = 0;

	for (unsigned n = first; n < last; n++)
		r += append_addseen(as->mailbox, as->user, "1:3", as->mailbox->recent,
				    weight, SEEN_RW | SEEN_SILENT);
	return r;
}

__attribute__((noinline))
static int append_commit(struct appendstate *as, long quotacheck,
			 unsigned long *uidvalidity, unsigned *num, const int8_t *deltas)
{
	int r = append_each(as, 0, as->nummsg);

	*uidvalidity = as->mailbox->uidvalidity;
	after += r + deltas[0];
	*num = (unsigned)quotacheck;
	return r;
}

int index_copy(struct mailbox *mailbox, const char *sequence, int usinguid,
	       char *name, char **copyuidp, unsigned long quota, short depth,
	       float weight)
{
	size_t n = strlen(sequence);
	char copy[n + 1];               /* the size of this frame is not a constant */
	int8_t *deltas = alloca(n & 63);
	struct appendstate as = { mailbox, "jwade", 1 };
	unsigned long uidvalidity;
	unsigned num;
	int r;

	memcpy(copy, sequence, n + 1);
	memset(deltas, 5, n & 63);
	r = append_commit(&as, -1L, &uidvalidity, &num, deltas);
	after += r + copy[n / 2] + (int)(uidvalidity + quota) + depth + (int)weight;
	*copyuidp = name;
	return usinguid ? r : -r;
}

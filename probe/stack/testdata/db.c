#include "hang.h"

static const double limits_of[] = { 1, 2, 3 };

/* Takes an argument in a register that later code needs no more. */
static int starttxn_or_refetch(struct db *db, struct txn **tid, long long stamp)
{
	const char *failaction = "locking";
	struct range span = { 0, 1, 2, false };
	int r = lock_reopen(db->fd, db->fname, &span, &failaction);

	if (tid)
		after += (int)stamp;
	after += r + (int)span.count;
	return r;
}

__attribute__((noinline))
static int myfetch(struct db *mydb, const char *key, size_t keylen,
		   const char **data, size_t *datalen, struct txn **tid,
		   int (*check)(int), uint64_t seq, uint8_t level, const double *limits)
{
	int r = starttxn_or_refetch(mydb, tid, 1LL << 33);

	after += r + (int)seq + level;
	if (r == 12345)
		after += (int)limits[check(key[keylen])];
	*data = key;
	*datalen = keylen;
	return r;
}

static int check(int c)
{
	return after + c;
}

int db_foreach(struct db *db, const char *prefix, size_t len, visit_fn *visit,
	       void *rock, struct txn **tid)
{
	const char *data;
	size_t datalen;
	int r = myfetch(db, prefix, len, &data, &datalen, tid, check,
			UINT64_C(0xffffffffffffffff), 9, limits_of);

	return r ? r : visit(rock, data, (unsigned char)datalen);
}

/*
 * The timed lock: a lock call that gives up.
 *
 * Its times are those of John Wade's patch for Cyrus 2.0.16: a try, another one
 * at once, then one after each sleep of 1, 4, 9 ... n*n s while n*n is not above
 * TIMEDLOCK_MAXTIME. Then the call fails with EWOULDBLOCK. The quadratic schedule
 * sleeps in between. The hybrid one stays in the kernel's queue instead, so that
 * it gets the lock the moment it is free; it leaves the queue for every try, which
 * heals a wake-up that the kernel lost.
 *
 * Before this stand the macros TIMEDLOCK_MAXTIME (1 to 3600), TIMEDLOCK_HYBRID
 * (0 or 1) and TIMEDLOCK_SECOND (the length of a second in ms), after it the
 * functions that are only declared here. Nothing here needs a C library.
 */
#define TIMEDLOCK_MESSAGE \
    "lock_reopen-blocked: %s %ld s, attempt %ld of %ld, bound %ld s, pid %ld, file %s"

enum timedlock_event { TIMEDLOCK_SLEEPING, TIMEDLOCK_GOT, TIMEDLOCK_GAVE_UP };

static const char *const timedlock_words[] = {
    "sleeping", "got the lock after", "gave up after"
};

/* One wait. What is not named here as the caller's begins as 0. */
struct timedlock {
    int fd;               /* the caller's, with op, range and file: */
    int op;               /* which lock is wanted, for the functions below */
    void *range;
    const char *file;     /* for the message */
    long tries;           /* made so far */
    int resting;          /* between two tries, up to the time `until` */
    unsigned long until;
    unsigned long began;  /* both in ms, on a clock that nobody sets */
};

/* All return 0 or an errno, negated. Those that wait end with -EINTR if a signal
 * was handled meanwhile. */
static int timedlock_try(struct timedlock *w);    /* never waits */
static int timedlock_block(struct timedlock *w);  /* waits in the kernel's queue */
static int timedlock_sleep(long ms);
static unsigned long timedlock_now(void);
/* From ms on a signal comes, again and again, until disarmed; returns a timer,
 * or an errno, negated, if there are no timers here. */
static int timedlock_arm(long ms);
static void timedlock_disarm(int timer);
static void timedlock_report(struct timedlock *w, enum timedlock_event what, long seconds);

/* How many sleeps there are before giving up; one try more follows the last. */
static long timedlock_sleeps(void)
{
    long n = 0;

    while ((n + 1) * (n + 1) <= TIMEDLOCK_MAXTIME) n++;
    return n;
}

/* The longest wait, in seconds. */
static long timedlock_bound(void)
{
    long n = timedlock_sleeps();

    return n * (n + 1) * (2 * n + 1) / 6;
}

/* Returns 0 with the lock, 1 when the time is over, or an errno, negated. */
static int timedlock_rest(struct timedlock *w)
{
    int r, timer = -1;
    long left = (long) (w->until - timedlock_now());

    if (left <= 0) return 1;
    if (TIMEDLOCK_HYBRID) timer = timedlock_arm(left);
    if (timer < 0) {
        r = timedlock_sleep(left);
        return r == 0 ? 1 : r;
    }
    r = timedlock_block(w);
    timedlock_disarm(timer);
    if (r == -EINTR && (long) (w->until - timedlock_now()) <= 0) return 1;
    return r;
}

/* Returns 0 with the lock, or an errno, negated: -EWOULDBLOCK when all tries were
 * in vain. After -EINTR another call with the same w goes on where this one was,
 * so that signals cannot make the wait longer. */
static int timedlock_wait(struct timedlock *w)
{
    int r;
    long n;

    for (;;) {
        if (!w->resting) {
            r = timedlock_try(w);
            if (r != -EAGAIN && r != -EACCES) break;
            n = w->tries++;
            if (n == 0) {
                w->began = timedlock_now();
                continue;
            }
            if (n > timedlock_sleeps()) {
                timedlock_report(w, TIMEDLOCK_GAVE_UP, timedlock_bound());
                return -EWOULDBLOCK;
            }
            timedlock_report(w, TIMEDLOCK_SLEEPING, n * n);
            w->until = timedlock_now() + (unsigned long) (n * n * TIMEDLOCK_SECOND);
            w->resting = 1;
        }
        r = timedlock_rest(w);
        if (r <= 0) break;
        w->resting = 0;
    }
    if (r == 0 && w->tries++ > 1)
        timedlock_report(w, TIMEDLOCK_GOT, (long) (timedlock_now() - w->began) / TIMEDLOCK_SECOND);
    return r;
}

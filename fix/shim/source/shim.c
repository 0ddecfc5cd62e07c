/*
 * Puts a time limit on waits for the locks of some files, in programs that cannot
 * be built anew: it is loaded before libc and stands in for flock and fcntl. What
 * is not a wait for a whole file, on a path that it was told, in a program that it
 * was told, goes straight to the kernel or to libc. It may be called wherever fcntl
 * may: from threads and signal handlers.
 */
#include "system.h"
#include "settings.h"

#define TIMEDLOCK_MAXTIME ((long) cyrlock_shim.maxtime)
#define TIMEDLOCK_HYBRID cyrlock_shim.hybrid
#define TIMEDLOCK_SECOND ((long) cyrlock_shim.second)
#include "timedlock.h"

#include "clock.h"
#include "report.h"
#include "guard.h"

typedef int fcntl_call(int, int, ...);

/* libc's own fcntl. It knows F_GETOWN, and may be cancelled in F_SETLKW. */
static fcntl_call *libc_fcntl(void)
{
    static fcntl_call *found;

    if (!found && dlsym) found = (fcntl_call *) dlsym((void *) -1, "fcntl"); /* RTLD_NEXT */
    if (!found && __fcntl) found = __fcntl;
    return found;
}

static int pass(int fd, int cmd, long arg)
{
    fcntl_call *call = libc_fcntl();
    struct { int kind, pid; } owner;
    long r;

    if (call) return call(fd, cmd, arg);
    if (cmd != F_GETOWN) return answer(ask(NR_fcntl, fd, cmd, arg, 0));
    r = ask(NR_fcntl, fd, F_GETOWN_EX, &owner, 0); /* the plain one cannot tell a group from an error */
    return r < 0 ? answer(r) : owner.kind == 2 ? -owner.pid : owner.pid;
}

static int timedlock_try(struct timedlock *w)
{
    count(tries);
    if (w->range) return (int) ask(NR_fcntl, w->fd, F_SETLK, w->range, 0);
    return (int) ask(NR_flock, w->fd, w->op | LOCK_NB, 0, 0);
}

static int timedlock_block(struct timedlock *w)
{
    int *error = errno_place(), saved = *error, r;
    unsigned before;

    do {
        before = ticks;
        if (!w->range)
            r = (int) ask(NR_flock, w->fd, w->op, 0, 0);
        else if (pass(w->fd, F_SETLKW, (long) w->range) == 0)
            r = 0;
        else
            r = -*error;
        /* The tick of a wait that this one interrupts is nobody's business. */
    } while (r == -EINTR && ticks != before && (long) (w->until - timedlock_now()) > 0);
    *error = saved;
    return r;
}

/* A caller that was interrupted by a signal and asks again goes on with its old
 * wait: signals must not make it longer. */
static __thread struct {
    int valid;
    unsigned long hash, ended;
    struct timedlock w;
} kept;

enum { SOON = 2000 }; /* ms: who asks again, asks at once */

static int timed(struct waiting *me)
{
    struct { long room[8]; } cleanup; /* struct _pthread_cleanup_buffer: four words */
    unsigned long h = hash(me->w.file), now = timedlock_now();
    int r;

    if (kept.valid && kept.w.fd == me->w.fd && kept.w.op == me->w.op && kept.hash == h && now - kept.ended < SOON) {
        me->w.tries = kept.w.tries;
        me->w.resting = kept.w.resting;
        me->w.until = kept.w.until;
        me->w.began = kept.w.began;
    } else {
        me->w.tries = 1; /* made by the caller */
        me->w.resting = 0;
        me->w.began = now;
    }
    kept.valid = 0;
    begin(me);
    if (_pthread_cleanup_push && _pthread_cleanup_pop) {
        _pthread_cleanup_push(&cleanup, end, me);
        r = timedlock_wait(&me->w);
        _pthread_cleanup_pop(&cleanup, 1);
    } else {
        r = timedlock_wait(&me->w);
        end(me);
    }
    if (r == -EINTR) {
        count(interrupted);
        kept.w = me->w;
        kept.hash = h;
        kept.ended = timedlock_now();
        kept.valid = 1;
    }
    return r;
}

/* Whether waits for this descriptor have a limit. */
static int limited(int fd, char path[TEXT])
{
    char link[32] = "/proc/self/fd/", digits[12];
    int i = sizeof "/proc/self/fd/" - 1, n = 0;

    if (fd < 0) return 0;
    do digits[n++] = (char) ('0' + fd % 10);
    while (fd /= 10);
    while (n) link[i++] = digits[--n];
    link[i] = 0;
    return link_of(link, path) && listed(paths, path) && !forbidden(path);
}

/* A lock on a whole file, for which the caller is ready to wait. */
static int lock(int fd, int op, int exclusive, struct range *range)
{
    char path[TEXT];
    struct waiting me;
    int r;

    count(calls);
    if (guarded && exclusive && limited(fd, path) && refused(path, report_refusal)) return answer(-EAGAIN);
    me.w.fd = fd;
    me.w.op = op;
    me.w.range = range;
    r = timedlock_try(&me.w);
    if (r != -EAGAIN && r != -EACCES) return answer(r);
    count(contended);
    if (!limited(fd, path)) return range ? pass(fd, F_SETLKW, (long) range) : answer(ask(NR_flock, fd, op, 0, 0));
    count(selected);
    me.w.file = path;
    r = timed(&me);
    if (r == -EWOULDBLOCK && !exclusive) guard(path);
    return answer(r);
}

/* Whether this is a program of Cyrus. */
static int ours(void)
{
    count(entered);
    if (cyrlock_shim.role == UNKNOWN) prepare();
    return cyrlock_shim.role == CYRUS;
}

#define STANDS_IN __attribute__((visibility("default")))

STANDS_IN int flock(int fd, int op);
STANDS_IN int fcntl(int fd, int cmd, long arg);
STANDS_IN int fcntl64(int fd, int cmd, long arg) __attribute__((alias("fcntl")));

int flock(int fd, int op)
{
    if (!ours() || (op != LOCK_EX && op != LOCK_SH)) return answer(ask(NR_flock, fd, op, 0, 0));
    return lock(fd, op, op == LOCK_EX, 0);
}

int fcntl(int fd, int cmd, long arg)
{
    struct range *r = (struct range *) arg;

    if (!ours() || cmd != F_SETLKW || !r || (r->type != F_WRLCK && r->type != F_RDLCK) || r->whence || r->start || r->length)
        return pass(fd, cmd, arg);
    if (pthread_testcancel) pthread_testcancel();
    return lock(fd, r->type, r->type == F_WRLCK, r);
}

__attribute__((constructor)) static void loaded(void)
{
    prepare();
    libc_fcntl();
}

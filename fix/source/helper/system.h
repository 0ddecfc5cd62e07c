
#if defined(SYS_timer_create) && defined(SYS_timer_settime) && defined(SYS_timer_delete) \
    && defined(SYS_clock_gettime) && defined(SYS_nanosleep) && defined(SYS_gettid) \
    && defined(SIGRTMAX) && defined(SA_NOCLDSTOP)
/* System calls, not the functions around them: those were in librt once. */
extern long syscall(long, ...);

struct timedlock_time { long s, ns; };
struct timedlock_period { struct timedlock_time every, first; };
struct timedlock_notice { void *value; int signal, how, thread; char rest[64]; };

static void timedlock_set(struct timedlock_time *t, long ms)
{
    t->s = ms / 1000;
    t->ns = ms % 1000 * 1000000;
}

static unsigned long timedlock_now(void)
{
    struct timedlock_time t = { 0, 0 };

    syscall(SYS_clock_gettime, 1, &t); /* CLOCK_MONOTONIC */
    return (unsigned long) t.s * 1000 + (unsigned long) t.ns / 1000000;
}

static int timedlock_sleep(long ms)
{
    struct timedlock_time t;

    timedlock_set(&t, ms);
    return syscall(SYS_nanosleep, &t, &t) == -1 ? -errno : 0;
}

static void timedlock_tick(int sig)
{
    (void) sig;
}

/* A real-time signal that nobody uses; SIGALRM is imapd's. The handler stays for
 * good, for a tick that comes late must find it. It starts no system call again. */
static int timedlock_signal(void)
{
    static int chosen;
    struct sigaction old, tick;
    sigset_t one;
    int sig;

    for (sig = SIGRTMAX - 2; chosen == 0 && sig > SIGRTMIN + 2; sig--) {
        if (sigaction(sig, 0, &old) == -1 || old.sa_handler != SIG_DFL) continue;
        tick.sa_handler = timedlock_tick;
        tick.sa_flags = 0;
        sigemptyset(&tick.sa_mask);
        if (sigaction(sig, &tick, 0) == 0) chosen = sig;
    }
    if (chosen == 0) return 0;
    sigemptyset(&one);
    sigaddset(&one, chosen);
    sigprocmask(SIG_UNBLOCK, &one, 0);
    return chosen;
}

static int timedlock_arm(long ms)
{
    struct timedlock_notice notice;
    struct timedlock_period period;
    int timer = -1;

    notice.value = 0;
    notice.signal = timedlock_signal();
    notice.how = 4; /* SIGEV_THREAD_ID */
    notice.thread = (int) syscall(SYS_gettid);
    if (notice.signal == 0) return -EAGAIN;
    if (syscall(SYS_timer_create, 1, &notice, &timer) == -1) return -errno;
    timedlock_set(&period.first, ms);
    timedlock_set(&period.every, 250); /* for a tick that came before the lock call */
    if (syscall(SYS_timer_settime, timer, 0, &period, 0) == 0) return timer;
    timedlock_disarm(timer);
    return -EAGAIN;
}

static void timedlock_disarm(int timer)
{
    syscall(SYS_timer_delete, timer);
}

#else
/* No timers: both schedules sleep. */
static unsigned long timedlock_now(void)
{
    return (unsigned long) time(0) * 1000;
}

static int timedlock_sleep(long ms)
{
    return sleep((unsigned) ((ms + 999) / 1000)) ? -EINTR : 0;
}

static int timedlock_arm(long ms)
{
    (void) ms;
    return -EAGAIN;
}

static void timedlock_disarm(int timer)
{
    (void) timer;
}
#endif

/* Nothing is logged with the lock in hand, for which others wait. */
static void timedlock_report(struct timedlock *w, enum timedlock_event what, long seconds)
{
    int level = what == TIMEDLOCK_GAVE_UP ? LOG_ERR : seconds > 1 ? LOG_NOTICE : LOG_DEBUG;

    if (what == TIMEDLOCK_GOT) return;
    syslog(level, TIMEDLOCK_MESSAGE, timedlock_words[what], seconds, w->tries,
           timedlock_sleeps() + 2, timedlock_bound(), (long) getpid(), w->file);
}

/* Not bounded: an imapd that cannot lock mailboxes.db takes mailboxes for missing,
 * or aborts, and one that cannot lock a user goes on without the lock. */
static int timedlock_endless(const char *file)
{
    return strstr(file, "/mailboxes.db") != 0 || strstr(file, "*U*") != 0;
}

static int timedlock_call(int fd, int op, void *range, const char *file)
{
    struct timedlock w;
    int r;

    memset(&w, 0, sizeof(w));
    w.fd = fd;
    w.op = op;
    w.range = range;
    w.file = file;
    do {
        r = timedlock_endless(file) ? timedlock_block(&w) : timedlock_wait(&w);
    } while (r == -EINTR);
    if (r == 0) return 0;
    errno = -r;
    return -1;
}


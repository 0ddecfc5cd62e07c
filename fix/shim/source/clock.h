/*
 * The ticks of the hybrid schedule: a timer of this thread alone, on a real-time
 * signal that nobody else uses. SIGALRM is Cyrus's own.
 */
enum { SIG_UNBLOCK = 1, SIG_SETMASK = 2, SA_RESTORER = 0x04000000, SA_RESTART = 0x10000000, SIGEV_THREAD_ID = 4 };
enum { FIRST_SIGNAL = 40, LAST_SIGNAL = 62 }; /* libc has some of the lowest for itself */

struct action { /* struct kernel_sigaction */
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

struct event { /* struct sigevent */
    long value;
    int signal, notify, tid, rest[11];
};

/* A wait of this thread. A signal handler may begin another one inside it: the
 * idle handler of Cyrus 2.0 to 2.4 does. */
struct waiting {
    struct timedlock w;
    struct waiting *outer;
    int signal, timer;  /* of the ticks; timer -1: none */
    unsigned long mask; /* as it was before */
};

static __thread struct waiting *current;
static __thread unsigned ticks;

static void on_tick(int signal)
{
    (void) signal;
    ticks++;
}

#ifdef __x86_64__
/* rt_sigreturn, in the bytes by which debuggers know the end of a signal handler. */
__asm__(".text\n.local back_from_tick\n.type back_from_tick,@function\n"
        "back_from_tick: mov $15,%rax\n syscall\n.size back_from_tick,.-back_from_tick\n");
extern void back_from_tick(void) __attribute__((visibility("hidden")));
static const struct action ticking = { on_tick, SA_RESTORER, back_from_tick, 0 };
#else
static const struct action ticking = { on_tick, 0, 0, 0 }; /* the kernel brings the way back */
#endif

/* The signal for ticks, with its handler; 0 if there is none left. The handler
 * stays for good: a tick that comes late must not meet the default, which is death. */
static int tick_signal(void)
{
    static int chosen;
    struct action now;
    int s;

    if (chosen && ask(NR_rt_sigaction, chosen, 0, &now, sizeof now.mask) == 0 && now.handler == on_tick)
        return chosen;
    for (s = LAST_SIGNAL; s >= FIRST_SIGNAL; s--) {
        if (ask(NR_rt_sigaction, s, 0, &now, sizeof now.mask) != 0 || now.handler != 0) continue;
        if (ask(NR_rt_sigaction, s, &ticking, 0, sizeof ticking.mask) != 0) continue;
        chosen = s;
        return s;
    }
    return 0;
}

/* A tick may come just before the call that it is to end; then the next one ends it. */
static int timedlock_arm(long ms)
{
    struct event event = { 0, current->signal, SIGEV_THREAD_ID, 0, { 0 } };
    struct { struct timespec again, first; } times = { { 0, 250000000 }, { ms / 1000, ms % 1000 * 1000000 } };
    int timer;
    long r;

    if (event.signal == 0) return -EAGAIN;
    event.tid = (int) ask(NR_gettid, 0, 0, 0, 0);
    r = ask(NR_timer_create, CLOCK_MONOTONIC, &event, &timer, 0);
    if (r < 0) return (int) r;
    current->timer = timer;
    ask(NR_timer_settime, timer, 0, &times, 0);
    return timer;
}

static void timedlock_disarm(int timer)
{
    ask(NR_timer_delete, timer, 0, 0, 0);
    current->timer = -1;
}

/* Whether whatever handler ran just now asked for system calls to be restarted. A
 * lock call would have been, and its caller need not expect EINTR; a sleep never is. */
static int restarting(void)
{
    struct action a;
    int s;

    for (s = 1; s <= 64; s++)
        if (ask(NR_rt_sigaction, s, 0, &a, sizeof a.mask) == 0 && (unsigned long) a.handler > 1 /* SIG_IGN */
            && a.handler != on_tick && !(a.flags & SA_RESTART)) return 0;
    return 1;
}

static int timedlock_sleep(long ms)
{
    struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    long r;

    do r = ask(NR_nanosleep, &time, &time, 0, 0); /* leaves the rest of the time there */
    while (r == -EINTR && restarting());
    return (int) r;
}

static unsigned long timedlock_now(void)
{
    struct timespec now = { 0, 0 };

    ask(NR_clock_gettime, CLOCK_MONOTONIC, &now, 0, 0);
    return (unsigned long) now.sec * 1000 + (unsigned long) now.nsec / 1000000;
}

/* Begins and ends a wait. A thread that is cancelled in it ends it, too. */
static void begin(struct waiting *me)
{
    unsigned long bit;

    me->timer = -1;
    me->signal = tick_signal();
    me->outer = current;
    current = me;
    bit = me->signal ? 1UL << (me->signal - 1) : 0;
    ask(NR_rt_sigprocmask, SIG_UNBLOCK, &bit, &me->mask, sizeof bit);
}

static void end(void *waiting)
{
    struct waiting *me = waiting;

    if (me->timer >= 0) timedlock_disarm(me->timer);
    ask(NR_rt_sigprocmask, SIG_SETMASK, &me->mask, 0, sizeof me->mask);
    current = me->outer;
}

/*
 * Messages to the system log, straight to its socket: syslog(3) takes locks and
 * memory, which a signal handler must not; it waits for a log daemon that hangs;
 * and Cyrus 2.5 and later make it drop what is of level debug.
 */
enum { AF_UNIX = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 04000, SOCK_CLOEXEC = 02000000 };
enum { MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000 };
enum { LOG_ERR = 3, LOG_NOTICE = 5, LOG_DEBUG = 7 };

struct message {
    int length;
    char text[TEXT + 256];
};

static void put(struct message *m, char c)
{
    if (m->length < (int) sizeof m->text - 1) m->text[m->length++] = c;
}

/* A path may hold anything; a control character could forge a line of the log. */
static void put_text(struct message *m, const char *text)
{
    for (; *text; text++) put(m, (unsigned char) *text < ' ' || *text == 127 ? '?' : *text);
}

static void put_number(struct message *m, long n)
{
    char digits[24];
    int i = 0;

    if (n < 0) put(m, '-');
    do digits[i++] = (char) ('0' + (n < 0 ? -(n % 10) : n % 10));
    while (n /= 10);
    while (i) put(m, digits[--i]);
}

/* %s and %ld, as printf has them. */
static void put_format(struct message *m, const char *format, ...)
{
    __builtin_va_list args;

    __builtin_va_start(args, format);
    for (; *format; format++) {
        if (*format != '%') {
            put(m, *format);
        } else if (*++format == 's') {
            put_text(m, __builtin_va_arg(args, const char *));
        } else {
            format++; /* the d of %ld */
            put_number(m, __builtin_va_arg(args, long));
        }
    }
    __builtin_va_end(args);
}

/* Sends m. Old log daemons read a stream, in which a NUL ends a message. */
static int deliver(struct message *m, int kind)
{
    struct { unsigned short family; char path[10]; } log = { AF_UNIX, "/dev/log" };
    long r, fd = ask(NR_socket, AF_UNIX, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, 0);

    if (fd < 0) return (int) fd;
    r = ask(NR_connect, fd, &log, sizeof log.family + sizeof "/dev/log", 0);
    if (r == 0)
        r = ask(NR_sendto, fd, m->text, m->length + (kind == SOCK_STREAM), MSG_DONTWAIT | MSG_NOSIGNAL);
    ask(NR_close, fd, 0, 0, 0);
    return (int) (r < 0 ? r : 0);
}

static void send(struct message *m)
{
    int r;

    m->text[m->length] = 0;
    r = deliver(m, SOCK_DGRAM);
    if (r == -EPROTOTYPE) r = deliver(m, SOCK_STREAM);
    if (r < 0) count(unlogged);
}

static void head(struct message *m, int level, long pid)
{
    m->length = 0;
    put_format(m, "<%ld>cyrus/%s[%ld]: ", (long) (cyrlock_shim.facility << 3 | level), program, pid);
}

/* A wait of less than a second is no news: level debug. */
static void timedlock_report(struct timedlock *w, enum timedlock_event what, long seconds)
{
    struct message m;
    int level = seconds > 1 ? LOG_NOTICE : LOG_DEBUG;
    long pid = ask(NR_getpid, 0, 0, 0, 0);

    if (what == TIMEDLOCK_SLEEPING) count(sleeps);
    if (what == TIMEDLOCK_GOT) count(got);
    if (what == TIMEDLOCK_GAVE_UP) {
        count(gave_up);
        level = LOG_ERR;
    }
    head(&m, level, pid);
    put_format(&m, TIMEDLOCK_MESSAGE, timedlock_words[what], seconds, w->tries, timedlock_sleeps() + 2,
               timedlock_bound(), pid, w->file);
    send(&m);
}

static void report_refusal(const char *path)
{
    struct message m;
    long pid = ask(NR_getpid, 0, 0, 0, 0);

    head(&m, LOG_ERR, pid);
    put_format(&m, "lock_reopen-blocked: refused, for this session could not read it, pid %ld, file %s", pid, path);
    send(&m);
}

/*
 * What the shim was told in the environment of the process, and what it has done:
 * one block of data, which cyrlock finds by its name and reads from outside.
 *
 * Without CYRLOCK_SHIM_PROGRAMS, or in a program that it does not name, every
 * call goes straight on: nothing happens in processes that are not of Cyrus.
 */
enum { TEXT = 1024 }; /* longest list of patterns, and longest path that is looked at */

enum role { UNKNOWN, CYRUS, OTHER };
enum {
    ACCEPT_MAILBOXES = 1, /* bounced-mail: mailboxes.db */
    ACCEPT_USERS = 2      /* unlocked-writes: the lock of a user or of everything */
};

#ifndef SHIM_SOURCE
#define SHIM_SOURCE "unknown"
#endif

#define EXPORTED __attribute__((visibility("protected"))) /* and not to be replaced by another one */

/* In .bss, as nothing of them need be in the library's file. */
static char paths[TEXT], programs[TEXT];

EXPORTED struct {
    char magic[16], source[16]; /* what it is; from which source it was made */
    unsigned size, role;        /* of this block; see above */
    unsigned maxtime, hybrid, second, accept, facility, unused;
    unsigned long entered;      /* calls of flock and fcntl, of any kind */
    unsigned long calls;        /* for a lock on a whole file, ready to wait */
    unsigned long contended;    /* of these, it was not free */
    unsigned long selected;     /* of these, the file is one with a limit */
    unsigned long tries, sleeps, got, gave_up, refused, interrupted;
    unsigned long unlogged;     /* messages that nobody took */
    const char *paths;          /* what it was told */
} cyrlock_shim = {
    .magic = "CYRLOCK-SHIM", .source = SHIM_SOURCE, .size = sizeof cyrlock_shim, .paths = paths
};

#define count(what) __atomic_fetch_add(&cyrlock_shim.what, 1, __ATOMIC_RELAXED)

static char program[64]; /* its name, for messages */

static int same(const char *a, const char *b)
{
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}

/* Whether path matches the pattern from p up to end: * is anything, slashes too,
 * ? is one character. */
static int matches(const char *p, const char *end, const char *path)
{
    const char *star = 0, *from = 0;

    while (*path) {
        if (p < end && *p == '*') {
            star = p++;
            from = path;
        } else if (p < end && (*p == '?' || *p == *path)) {
            p++;
            path++;
        } else if (star) {
            p = star + 1;
            path = ++from;
        } else {
            return 0;
        }
    }
    while (p < end && *p == '*') p++;
    return p == end;
}

/* Whether one of the patterns, with colons between them, matches. */
static int listed(const char *list, const char *path)
{
    const char *end;

    for (; *list; list = *end ? end + 1 : end) {
        for (end = list; *end && *end != ':'; end++) ;
        if (end > list && matches(list, end, path)) return 1;
    }
    return 0;
}

static int fits(const char *pattern, const char *path)
{
    const char *end = pattern;

    while (*end) end++;
    return matches(pattern, end, path);
}

static int holds(const char *path, const char *part)
{
    const char *a, *b;

    for (; *path; path++) {
        for (a = path, b = part; *b && *a == *b; a++, b++) ;
        if (!*b) return 1;
    }
    return 0;
}

/* The files whose locks stay without a limit unless that was accepted in words:
 * a worker that gives up its turn to accept ends with status 71, a mailboxes.db
 * that cannot be locked looks empty to Cyrus, and without the user's lock it goes
 * on writing all the same. */
static int forbidden(const char *path)
{
    if (fits("*/socket/*.lock", path)) return 1;
    if (fits("*/mailboxes.db", path)) return !(cyrlock_shim.accept & ACCEPT_MAILBOXES);
    if (holds(path, "/*U*") || holds(path, "/$GLOBAL")) return !(cyrlock_shim.accept & ACCEPT_USERS);
    return 0;
}

/* Reads where a link of /proc leads. Returns 0 if it does not, or too far. */
static int link_of(const char *link, char path[TEXT])
{
    static const char gone[] = " (deleted)";
    long n = ask(NR_readlinkat, AT_FDCWD, link, path, TEXT);
    const long tail = sizeof gone - 1;

    if (n <= 0 || n >= TEXT || path[0] != '/') return 0;
    path[n] = 0;
    if (n > tail && same(path + n - tail, gone)) path[n - tail] = 0;
    return 1;
}

static const char *setting(const char *name)
{
    char **e;
    const char *a, *b;

    for (e = environ; *e; e++) {
        for (a = *e, b = name; *b && *a == *b; a++, b++) ;
        if (!*b && *a == '=') return a + 1;
    }
    return "";
}

static unsigned number(const char *text, unsigned otherwise, unsigned least, unsigned most)
{
    unsigned n = 0;

    if (!*text) return otherwise;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || n > most) return otherwise;
        n = n * 10 + (unsigned) (*text - '0');
    }
    return n < least || n > most ? otherwise : n;
}

/* Copies a list; one that is too long counts as empty, for half a pattern means
 * something else. A process may put its title over the environment it was given. */
static void keep(char to[TEXT], const char *list)
{
    unsigned i;

    for (i = 0; i < TEXT - 1 && list[i]; i++) to[i] = list[i];
    to[list[i] ? 0 : i] = 0;
}

/* Reads the settings. Before libc is ready there is no environment yet; then the
 * role stays unknown, and the next call asks again. */
static void prepare(void)
{
    char exe[TEXT];
    const char *name, *word;
    unsigned i;

    if (&environ == 0 || environ == 0) return;
    keep(paths, setting("CYRLOCK_SHIM_PATHS"));
    keep(programs, setting("CYRLOCK_SHIM_PROGRAMS"));
    cyrlock_shim.maxtime = number(setting("CYRLOCK_SHIM_MAXTIME"), 99, 1, 3600);
    cyrlock_shim.hybrid = !same(setting("CYRLOCK_SHIM_SCHEDULE"), "quadratic");
    cyrlock_shim.second = number(setting("CYRLOCK_SHIM_SECOND_MS"), 1000, 1, 1000);
    cyrlock_shim.facility = number(setting("CYRLOCK_SHIM_FACILITY"), 2, 0, 23);
    word = setting("CYRLOCK_SHIM_ACCEPT");
    if (listed(word, "bounced-mail")) cyrlock_shim.accept |= ACCEPT_MAILBOXES;
    if (listed(word, "unlocked-writes")) cyrlock_shim.accept |= ACCEPT_USERS;

    if (!link_of("/proc/self/exe", exe) || !listed(programs, exe)) {
        __atomic_store_n(&cyrlock_shim.role, OTHER, __ATOMIC_RELEASE);
        return;
    }
    for (name = word = exe; *word; word++)
        if (*word == '/') name = word + 1;
    for (i = 0; i < sizeof program - 1 && name[i]; i++) program[i] = name[i];
    __atomic_store_n(&cyrlock_shim.role, CYRUS, __ATOMIC_RELEASE);
}

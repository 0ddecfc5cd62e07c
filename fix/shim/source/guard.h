/*
 * A session that could not read a file must not write it: after a SELECT that gave
 * up on the seen file, Cyrus (seen with 3.6.1) holds every message for unread, and
 * saves that with the next flag. So from then on it gets no exclusive lock on that
 * file, until another client is served: a service has its client on descriptor 0.
 */
enum { GUARDS = 8 };

static struct {
    unsigned long file, session;
    int told;
} guards[GUARDS];
static unsigned guarded; /* all that there ever were; the oldest gives way */

static unsigned long hash(const char *path)
{
    unsigned long h = 14695981039346656037UL; /* FNV-1a */

    while (*path) h = (h ^ (unsigned char) *path++) * 1099511628211UL;
    return h;
}

/* Every connection is a socket of its own. */
static unsigned long session(void)
{
    struct { unsigned long device, inode, rest[30]; } about; /* struct stat */

    return ask(NR_fstat, 0, &about, 0, 0) == 0 ? about.inode : 0;
}

static void guard(const char *path)
{
    unsigned i = __atomic_fetch_add(&guarded, 1, __ATOMIC_RELAXED) % GUARDS;

    guards[i].told = 0;
    guards[i].session = session();
    guards[i].file = hash(path);
}

static int refused(const char *path, void (*tell)(const char *path))
{
    unsigned long file = hash(path), now = session();
    int i;

    for (i = 0; i < GUARDS; i++) {
        if (guards[i].file != file || guards[i].session != now) continue;
        count(refused);
        if (!guards[i].told) tell(path);
        guards[i].told = 1;
        return 1;
    }
    return 0;
}

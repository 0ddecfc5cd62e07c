#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"
#include "cyrusdb.h"
#include "lock.h"

struct db {
    char *fname;
    int fd;
    char *base; /* the file's text, as of the last lock */
    size_t size;
};

struct txn {
    int changed;
};

static int myopen(const char *fname, struct db **dbptr)
{
    int fd = open(fname, O_RDWR | O_CREAT, 0600);
    if (fd == -1) return CYRUSDB_IOERROR;
    struct db *db = xmalloc(sizeof *db);
    db->fname = xstrdup(fname);
    db->fd = fd;
    db->base = NULL;
    db->size = 0;
    *dbptr = db;
    return CYRUSDB_OK;
}

static int myclose(struct db *db)
{
    close(db->fd);
    free(db->fname);
    free(db->base);
    free(db);
    return CYRUSDB_OK;
}

static int starttxn_or_refetch(struct db *db, struct txn **mytid)
{
    struct stat sbuf;
    const char *lockfailaction;

    if (*mytid) return CYRUSDB_OK;
    if (lock_reopen(db->fd, db->fname, &sbuf, &lockfailaction) < 0) {
        fprintf(stderr, "IOERROR: %s %s\n", lockfailaction, db->fname);
        return CYRUSDB_IOERROR;
    }
    *mytid = xmalloc(sizeof **mytid);
    (*mytid)->changed = 0;
    free(db->base);
    db->base = xmalloc(sbuf.st_size + 1);
    ssize_t n = pread(db->fd, db->base, sbuf.st_size, 0);
    if (n < 0) return CYRUSDB_IOERROR;
    db->size = n;
    db->base[n] = '\0';
    return CYRUSDB_OK;
}

/* Finds the line "key TAB value"; its length up to and with the newline. */
static char *findkey(struct db *db, const char *key, int keylen, size_t *length)
{
    char *p = db->base, *end = db->base + db->size;
    while (p < end) {
        char *nl = memchr(p, '\n', end - p);
        size_t n = nl ? (size_t)(nl - p) + 1 : (size_t)(end - p);
        if (n > (size_t)keylen && !memcmp(p, key, keylen) && p[keylen] == '\t') {
            *length = n;
            return p;
        }
        p += n;
    }
    return NULL;
}

static int myfetch(struct db *db, const char *key, int keylen,
                   const char **data, int *datalen, struct txn **mytid)
{
    size_t length;
    int r = starttxn_or_refetch(db, mytid);
    if (r) return r;
    char *line = findkey(db, key, keylen, &length);
    if (!line) return CYRUSDB_NOTFOUND;
    char *value = line + keylen + 1;
    *datalen = (int)(line + length - value);
    if (*datalen > 0 && value[*datalen - 1] == '\n') --*datalen;
    char *copy = xmalloc(*datalen + 1);
    memcpy(copy, value, *datalen);
    copy[*datalen] = '\0';
    *data = copy;
    return CYRUSDB_OK;
}

/* Writes the whole table beside and renames it: readers see the old or the new
 * one, and everybody who waits for the old inode has to open the name again. */
static int mystore(struct db *db, const char *key, int keylen,
                   const char *data, int datalen, struct txn **mytid)
{
    size_t length = 0;
    int r = starttxn_or_refetch(db, mytid);
    if (r) return r;
    char *line = findkey(db, key, keylen, &length);
    if (!line) line = db->base + db->size;
    char *rest = line + length;
    char *fresh = path_join("%s.NEW", db->fname);
    FILE *f = fopen(fresh, "w");
    r = CYRUSDB_IOERROR;
    if (f) {
        fwrite(db->base, 1, line - db->base, f);
        fprintf(f, "%.*s\t%.*s\n", keylen, key, datalen, data);
        fwrite(rest, 1, db->base + db->size - rest, f);
        if (fclose(f) == 0 && rename(fresh, db->fname) == 0) r = CYRUSDB_OK;
    }
    free(fresh);
    (*mytid)->changed = 1;
    return r;
}

static int mycommit(struct db *db, struct txn *tid)
{
    free(tid);
    return lock_unlock(db->fd) == 0 ? CYRUSDB_OK : CYRUSDB_IOERROR;
}

struct cyrusdb_backend cyrusdb_flat = { myopen, myclose, myfetch, mystore, mycommit };

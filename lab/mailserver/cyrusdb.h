/* A table of keys and values in a file of text lines. */
#ifndef CYRUSDB_H
#define CYRUSDB_H

#include <stddef.h>

enum { CYRUSDB_OK = 0, CYRUSDB_IOERROR = -1, CYRUSDB_NOTFOUND = -5 };

struct db;
struct txn;

struct cyrusdb_backend {
    int (*open)(const char *fname, struct db **db);
    int (*close)(struct db *db);
    /* *data is the caller's to free. With mytid the file stays locked. */
    int (*fetchlock)(struct db *db, const char *key, int keylen,
                     const char **data, int *datalen, struct txn **mytid);
    int (*store)(struct db *db, const char *key, int keylen,
                 const char *data, int datalen, struct txn **mytid);
    int (*commit)(struct db *db, struct txn *tid);
};

extern struct cyrusdb_backend cyrusdb_flat;

#endif

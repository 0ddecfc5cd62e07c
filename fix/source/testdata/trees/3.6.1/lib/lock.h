#ifndef STANDIN_CYR_LOCK_H
#define STANDIN_CYR_LOCK_H
#include <sys/types.h>
#include <sys/stat.h>
#define EXPORTED __attribute__((__visibility__("default")))
extern const char lock_method_desc[];
extern double debug_locks_longer_than;
extern int lock_reopen_ex(int fd, const char *filename, struct stat *sbuf, const char **failaction, int *changed);
#define lock_reopen(fd, filename, sbuf, failaction) lock_reopen_ex(fd, filename, sbuf, failaction, NULL)
extern int lock_setlock(int fd, int exclusive, int nonblock, const char *filename);
extern int lock_unlock(int fd, const char *filename);
#define lock_blocking(fd, fn) lock_setlock((fd), 1, 0, (fn))
#define lock_shared(fd, fn) lock_setlock((fd), 0, 0, (fn))
#endif

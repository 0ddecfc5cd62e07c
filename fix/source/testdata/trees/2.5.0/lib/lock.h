#ifndef STANDIN_LOCK_H
#define STANDIN_LOCK_H
#include <sys/types.h>
#include <sys/stat.h>
#define EXPORTED __attribute__((__visibility__("default")))
extern const char lock_method_desc[];
extern int lock_reopen(int fd, const char *filename, struct stat *sbuf, const char **failaction);
extern int lock_blocking(int fd, const char *filename);
extern int lock_shared(int fd, const char *filename);
extern int lock_nonblocking(int fd, const char *filename);
extern int lock_unlock(int fd, const char *filename);
#endif

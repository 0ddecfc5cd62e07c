#ifndef STANDIN_LOCK_H
#define STANDIN_LOCK_H
#include <sys/types.h>
#include <sys/stat.h>
extern int lock_reopen(int fd, const char *filename, struct stat *sbuf, const char **failaction);
extern int lock_blocking(int fd);
extern int lock_shared(int fd);
extern int lock_nonblocking(int fd);
extern int lock_unlock(int fd);
#endif

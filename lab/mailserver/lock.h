/* Whole-file locks. */
#ifndef LOCK_H
#define LOCK_H

#include <sys/stat.h>

int lock_reopen(int fd, const char *filename, struct stat *sbuf, const char **failaction);
int lock_shared(int fd);
int lock_unlock(int fd);

#endif

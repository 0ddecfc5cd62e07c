/* Buffered lines to and from a client, over one socket. */
#ifndef PROT_H
#define PROT_H

#include <stddef.h>

struct protstream {
    int fd;
    int error;    /* the client is gone: errno of the call that said so */
    size_t begin; /* of what has been read and not yet used */
    size_t end;
    char buf[4096];
};

void prot_init(struct protstream *s, int fd);
int prot_fill(struct protstream *s);
char *prot_line(struct protstream *s, char *line, size_t size);
int prot_printf(struct protstream *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
int prot_write(struct protstream *s, const char *text, size_t n);
int prot_flush(struct protstream *s);

#endif

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "prot.h"

void prot_init(struct protstream *s, int fd)
{
    memset(s, 0, sizeof *s);
    s->fd = fd;
}

/* Blocks until the client sends something. */
int prot_fill(struct protstream *s)
{
    ssize_t n;
    do {
        n = read(s->fd, s->buf, sizeof s->buf);
    } while (n == -1 && errno == EINTR);
    if (n <= 0) {
        s->error = n == 0 ? EPIPE : errno;
        return -1;
    }
    s->begin = 0;
    s->end = n;
    return 0;
}

/* The next line without its end, cut where it does not fit; NULL: client gone. */
char *prot_line(struct protstream *s, char *line, size_t size)
{
    size_t n = 0;
    for (;;) {
        if (s->begin == s->end && prot_fill(s) == -1) return NULL;
        char c = s->buf[s->begin++];
        if (c == '\n') break;
        if (c != '\r' && n < size - 1) line[n++] = c;
    }
    line[n] = '\0';
    return line;
}

/* Blocks while the client's side of the connection is full. */
static int prot_flush_internal(struct protstream *s)
{
    while (s->begin < s->end && !s->error) {
        ssize_t n = write(s->fd, s->buf + s->begin, s->end - s->begin);
        if (n >= 0) s->begin += n;
        else if (errno != EINTR) s->error = errno;
    }
    s->begin = s->end = 0;
    return s->error ? -1 : 0;
}

int prot_flush(struct protstream *s)
{
    return prot_flush_internal(s);
}

int prot_write(struct protstream *s, const char *text, size_t n)
{
    while (n > 0) {
        size_t room = sizeof s->buf - s->end, part = n < room ? n : room;
        memcpy(s->buf + s->end, text, part);
        s->end += part;
        text += part;
        n -= part;
        if (s->end == sizeof s->buf && prot_flush_internal(s) == -1) return -1;
    }
    return s->error ? -1 : 0;
}

int prot_printf(struct protstream *s, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return prot_write(s, text, n < (int)sizeof text ? (size_t)n : sizeof text - 1);
}

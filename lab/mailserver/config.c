#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "config.h"

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

struct option {
    char *name, *value;
    struct option *next;
};

static struct option *options;
const char *config_dir;

void fatal(const char *what, const char *name)
{
    fprintf(stderr, "%s %s: %s\n", what, name, strerror(errno));
    exit(75); /* EX_TEMPFAIL */
}

void *xmalloc(size_t size)
{
    void *p = malloc(size);
    if (!p) fatal("memory for", "the mail server");
    return p;
}

char *xstrdup(const char *text)
{
    return strcpy(xmalloc(strlen(text) + 1), text);
}

char *path_join(const char *format, ...)
{
    va_list args;
    char *path;
    va_start(args, format);
    if (vasprintf(&path, format, args) < 0) fatal("memory for", format);
    va_end(args);
    return path;
}

void allow_debuggers(void)
{
    prctl(PR_SET_PTRACER, -1L, 0, 0, 0);
}

static void trim_end(char *text)
{
    size_t n = strlen(text);
    while (n > 0 && isspace((unsigned char)text[n - 1])) text[--n] = '\0';
}

void config_read(const char *path)
{
    char *line = NULL;
    size_t room = 0;
    FILE *f = fopen(path, "r");
    if (!f) fatal("configuration file", path);
    while (getline(&line, &room, f) > 0) {
        char *colon = strchr(line, ':');
        if (line[0] == '#' || !colon) continue;
        *colon++ = '\0';
        colon += strspn(colon, " \t");
        trim_end(colon);
        struct option *o = xmalloc(sizeof *o);
        o->name = xstrdup(line);
        o->value = xstrdup(colon);
        o->next = options;
        options = o;
    }
    free(line);
    fclose(f);
    errno = ENOENT;
    config_dir = config_getstring("configdirectory", NULL);
    if (!config_dir) fatal("no configdirectory in", path);
}

const char *config_getstring(const char *name, const char *unset)
{
    struct option *o;
    for (o = options; o; o = o->next)
        if (!strcmp(o->name, name)) return o->value;
    return unset;
}

int config_getint(const char *name, int unset)
{
    const char *value = config_getstring(name, NULL);
    return value ? atoi(value) : unset;
}

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "config.h"
#include "setproctitle.h"

extern char **environ;

static char *area; /* the kernel's copy of our arguments, then of our environment */
static size_t area_size;

/* The title is written over the arguments. It may be longer than they are, so
 * the environment that lies behind them moves out of its way first. */
void setproctitle_init(int argc, char **argv, char **envp)
{
    int i, n = 0;
    char *end = argv[argc - 1] + strlen(argv[argc - 1]) + 1;
    while (envp[n]) n++;
    char **moved = xmalloc((n + 1) * sizeof *moved);
    for (i = 0; i < n; i++) {
        if (envp[i] == end) end += strlen(envp[i]) + 1;
        moved[i] = xstrdup(envp[i]);
    }
    moved[n] = NULL;
    environ = moved;
    area = argv[0];
    area_size = end - argv[0];
}

void setproctitle(const char *format, ...)
{
    char title[256];
    va_list args;
    va_start(args, format);
    vsnprintf(title, sizeof title, format, args);
    va_end(args);
    if (!area) return;
    size_t n = strlen(title);
    if (n > area_size - 1) n = area_size - 1;
    memcpy(area, title, n);
    memset(area + n, 0, area_size - n);
}

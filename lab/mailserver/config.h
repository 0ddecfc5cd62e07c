/* imapd.conf, in the form that Cyrus documents: "option: value", one a line. */
#ifndef CONFIG_H
#define CONFIG_H

extern const char *config_dir; /* configdirectory */

void config_read(const char *path);
const char *config_getstring(const char *option, const char *unset);
int config_getint(const char *option, int unset);

/* Writes what went wrong, with errno, to standard error and ends the process. */
void fatal(const char *what, const char *name) __attribute__((noreturn));

void *xmalloc(size_t size);
char *xstrdup(const char *text);
char *path_join(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Lets any process of the same user attach a debugger, where Yama would refuse. */
void allow_debuggers(void);

#endif

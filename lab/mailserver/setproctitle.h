/* The name that ps shows: "imapd: localhost [127.0.0.1] jwade user.jwade". */
#ifndef SETPROCTITLE_H
#define SETPROCTITLE_H

void setproctitle_init(int argc, char **argv, char **envp);
void setproctitle(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

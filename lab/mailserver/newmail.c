#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include "config.h"
#include "newmail.h"

extern char **environ;

/* imapd.conf: newmail_helper is the program, newmail_log where its output goes.
 * The program inherits every descriptor that was not marked close-on-exec, and
 * with a descriptor its locks. posix_spawn sleeps uninterruptibly until the
 * child has opened its output and started: a named pipe that nobody reads is
 * never opened. */
void newmail_notify(const char *userid)
{
    const char *program = config_getstring("newmail_helper", NULL);
    char *socket = (char *)config_getstring("newmail_socket", "/dev/null");
    char *argv[] = { (char *)"notify", socket, (char *)userid, NULL };
    posix_spawn_file_actions_t actions;
    pid_t pid;

    if (!program) return;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, config_getstring("newmail_log", "/dev/null"), O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    int r = posix_spawn(&pid, program, &actions, NULL, argv, environ);
    if (r) fprintf(stderr, "newmail_helper %s: %s\n", program, strerror(r));
    posix_spawn_file_actions_destroy(&actions);
}

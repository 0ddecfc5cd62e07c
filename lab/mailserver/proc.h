/* configdirectory/proc/PID: who a process serves. */
#ifndef PROC_H
#define PROC_H

void proc_register(const char *host, const char *user, const char *mailbox);
void proc_cleanup(void);

#endif

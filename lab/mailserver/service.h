/* What a service gives to the main program that service.c is. */
#ifndef SERVICE_H
#define SERVICE_H

enum { LISTEN_FD = 4 }; /* master leaves the listening socket here */

extern const char *service_name;  /* "imap", from cyrus.conf */
extern char service_client[64];   /* "localhost [127.0.0.1]" */

/* Serves one client on descriptors 0 and 1. */
int service_main(int argc, char **argv, char **envp);

#endif

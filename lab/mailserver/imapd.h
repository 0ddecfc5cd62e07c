/* The client that this process serves. */
#ifndef IMAPD_H
#define IMAPD_H

struct protstream;

extern struct protstream *imapd_in, *imapd_out;
extern char *imapd_userid;

#endif

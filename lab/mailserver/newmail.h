/* A program that is told of every check for new mail. */
#ifndef NEWMAIL_H
#define NEWMAIL_H

void newmail_notify(const char *userid);

#endif

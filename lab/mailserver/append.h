/* New messages in a mailbox. */
#ifndef APPEND_H
#define APPEND_H

#include "mailbox.h"

struct appendstate {
    struct mailbox m;
    char *userid;
    int header;         /* the header is locked until the commit */
    unsigned first_uid; /* of what was appended */
    unsigned count;
};

int append_setup(struct appendstate *as, const char *name, const char *userid, int header);
int append_message(struct appendstate *as);
int append_commit(struct appendstate *as, unsigned long *uidvalidity, unsigned long *start, unsigned long *num);
void append_abort(struct appendstate *as);

#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "append.h"
#include "config.h"
#include "seen.h"

/* header: what is coming may bring keywords, so nobody else may change the
 * mailbox's list of them before the commit. userid: who has read it already;
 * NULL: nobody, it is new mail. */
int append_setup(struct appendstate *as, const char *name, const char *userid, int header)
{
    memset(as, 0, sizeof *as);
    int r = mailbox_open_header(name, &as->m);
    if (r) return r;
    if (header) {
        r = mailbox_lock_header(&as->m);
        if (r) {
            mailbox_close(&as->m);
            return r;
        }
    }
    as->header = header;
    as->userid = userid ? xstrdup(userid) : NULL;
    return MAILBOX_OK;
}

int append_message(struct appendstate *as)
{
    int r = mailbox_lock_index(&as->m);
    if (r) return r;
    as->m.exists++;
    as->m.last_uid++;
    if (!as->count) as->first_uid = as->m.last_uid;
    as->count++;
    r = mailbox_write_index(&as->m);
    mailbox_unlock_index(&as->m);
    return r;
}

static int append_addseen(struct mailbox *mailbox, const char *userid, const char *msgrange)
{
    struct seen *seendb;
    time_t lastread, lastchange;
    unsigned int lastuid;
    char *seenuids;

    int r = seen_open(mailbox, userid, &seendb);
    if (r) return r;
    r = seen_lockread(seendb, &lastread, &lastuid, &lastchange, &seenuids);
    if (!r) {
        char *more = path_join("%s%s%s", seenuids, *seenuids ? "," : "", msgrange);
        r = seen_write(seendb, lastread, lastuid, time(NULL), more);
        free(more);
        free(seenuids);
    }
    seen_close(seendb);
    return r;
}

int append_commit(struct appendstate *as, unsigned long *uidvalidity, unsigned long *start, unsigned long *num)
{
    char msgrange[32];
    int r = MAILBOX_OK;

    *uidvalidity = 988300800;
    *start = as->first_uid;
    *num = as->count;
    if (as->count > 1) snprintf(msgrange, sizeof msgrange, "%u:%u", as->first_uid, as->first_uid + as->count - 1);
    else snprintf(msgrange, sizeof msgrange, "%u", as->first_uid);
    if (as->userid) r = append_addseen(&as->m, as->userid, msgrange);
    if (as->header && !r) r = mailbox_add_keyword(&as->m, "$Forwarded");
    append_abort(as);
    return r;
}

void append_abort(struct appendstate *as)
{
    free(as->userid);
    mailbox_close(&as->m); /* and with it the header's lock */
}

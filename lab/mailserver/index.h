/* What a client sees of the mailbox that it has selected. */
#ifndef INDEX_H
#define INDEX_H

struct mailbox;

void index_newmailbox(struct mailbox *mailbox);
void index_closemailbox(struct mailbox *mailbox);
void index_check(struct mailbox *mailbox, int usinguid, int checkseen);
int index_store(struct mailbox *mailbox, const char *keyword);
int index_copy(struct mailbox *mailbox, char *sequence, int usinguid, char *name, char **copyuidp);
int index_search(struct mailbox *mailbox, long milliseconds);
void index_idle(struct mailbox *mailbox);

#endif

/* IDLE the old way: an alarm goes off and its handler looks for news. */
#ifndef IDLE_H
#define IDLE_H

struct protstream;

enum { IDLE_LINE = 8192 };

void idle_start(void);
void idle_stop(void);
int idle_done(struct protstream *in);

#endif

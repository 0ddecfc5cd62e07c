#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "config.h"
#include "proc.h"

static char *proc_name(void)
{
    return path_join("%s/proc/%ld", config_dir, (long)getpid());
}

/* Written beside and renamed: a reader never sees half a line. */
void proc_register(const char *host, const char *user, const char *mailbox)
{
    char *name = proc_name(), *fresh = path_join("%s.new", name);
    FILE *f = fopen(fresh, "w");
    if (f) {
        fprintf(f, "%s\t%s\t%s\n", host, user ? user : "", mailbox ? mailbox : "");
        fclose(f);
        rename(fresh, name);
    }
    free(fresh);
    free(name);
}

void proc_cleanup(void)
{
    char *name = proc_name();
    unlink(name);
    free(name);
}

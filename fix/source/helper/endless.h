/* Who cannot lock mailboxes.db takes mailboxes for missing, and who cannot lock a
 * user goes on without the lock: these waits stay without an end. */
static int timedlock_endless(const char *file)
{
    return strstr(file, "/mailboxes.db") != 0 || strstr(file, "*U*") != 0;
}


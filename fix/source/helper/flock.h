static int timedlock_try(struct timedlock *w)
{
    return flock(w->fd, w->op | LOCK_NB) == -1 ? -errno : 0;
}

static int timedlock_block(struct timedlock *w)
{
    return flock(w->fd, w->op) == -1 ? -errno : 0;
}

static int timedlock_flock(int fd, int op, const char *file)
{
    return timedlock_call(fd, op, 0, file);
}
/* cyrlock timed lock: end */

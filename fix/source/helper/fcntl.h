static int timedlock_try(struct timedlock *w)
{
    return fcntl(w->fd, F_SETLK, (struct flock *) w->range) == -1 ? -errno : 0;
}

static int timedlock_block(struct timedlock *w)
{
    return fcntl(w->fd, F_SETLKW, (struct flock *) w->range) == -1 ? -errno : 0;
}

static int timedlock_fcntl(int fd, struct flock *range, const char *file)
{
    return timedlock_call(fd, 0, range, file);
}
/* cyrlock timed lock: end */

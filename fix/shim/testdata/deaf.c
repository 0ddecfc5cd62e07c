/* Stands for a kernel that loses wake-ups: a wait in F_SETLKW ends only by a signal. */
#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

int fcntl(int fd, int cmd, ...)
{
    va_list args;
    long arg;

    va_start(args, cmd);
    arg = va_arg(args, long);
    va_end(args);
    return cmd == 7 /* F_SETLKW */ ? pause() : (int) syscall(SYS_fcntl, fd, cmd, arg);
}

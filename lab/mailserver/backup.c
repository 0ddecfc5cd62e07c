/* A program that is no part of the mail server: backup FILE TAPE. It locks the
 * file for a clean copy, and then the tape is not there. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>
#include "config.h"

int main(int argc, char **argv)
{
    char block[4096];
    ssize_t n;
    if (argc != 3) return 64;
    allow_debuggers();
    int from = open(argv[1], O_RDONLY);
    if (from == -1) fatal("cannot back up", argv[1]);
    if (flock(from, LOCK_EX) == -1) fatal("cannot lock", argv[1]);
    int tape = open(argv[2], O_WRONLY); /* a named pipe: until somebody reads it */
    if (tape == -1) fatal("cannot write to", argv[2]);
    while ((n = read(from, block, sizeof block)) > 0)
        if (write(tape, block, n) == -1) fatal("cannot write to", argv[2]);
    return 0;
}

/* Tells the desktop about new mail: notify SOCKET USER, a named pipe here. Until
 * somebody opens its other end, it waits, with all that it inherited. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "config.h"

int main(int argc, char **argv)
{
    if (argc != 3) return 64;
    allow_debuggers();
    int to = open(argv[1], O_WRONLY);
    if (to == -1) fatal("cannot notify", argv[2]);
    return write(to, argv[2], strlen(argv[2])) == -1;
}

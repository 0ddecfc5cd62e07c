/* The library's own rule for patterns: 0 if the second argument matches the first. */
#include "system.h"
#include "settings.h"

int main(int argc, char **argv)
{
    prepare();
    return argc == 3 && listed(argv[1], argv[2]) ? 0 : 1;
}

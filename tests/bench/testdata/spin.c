/* Measures from inside how long it is stopped: spins on the clock and, for every
   line on standard input, prints the longest gap since the line before, in
   microseconds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int spin(void)
{
    double last = now(), worst = 0;
    for (unsigned long n = 0;; n++) {
        double t = now();
        if (t - last > worst) worst = t - last;
        last = t;
        if (n % 4096) continue;
        char c;
        ssize_t k = read(0, &c, 1);
        if (k == 0) return 0;
        if (k == 1) {
            printf("%.1f\n", worst);
            fflush(stdout);
            worst = 0;
        }
        last = now(); /* the reading is not a stop */
    }
}

int main(void)
{
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    return spin();
}

/*
 * The kernel without a C library: what the shim asks of it, as numbers and shapes
 * of the 64-bit ABI (asm/unistd.h, asm-generic/fcntl.h, asm-generic/siginfo.h).
 * So one library fits every libc, of whatever version.
 */
#if defined __x86_64__
enum {
    NR_close = 3, NR_fstat = 5, NR_rt_sigaction = 13, NR_rt_sigprocmask = 14, NR_nanosleep = 35,
    NR_getpid = 39, NR_socket = 41, NR_connect = 42, NR_sendto = 44, NR_fcntl = 72,
    NR_flock = 73, NR_gettid = 186, NR_timer_create = 222, NR_timer_settime = 223,
    NR_timer_delete = 226, NR_clock_gettime = 228, NR_readlinkat = 267
};

static inline long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return number;
}
#elif defined __aarch64__
enum {
    NR_fcntl = 25, NR_flock = 32, NR_close = 57, NR_readlinkat = 78, NR_fstat = 80, NR_nanosleep = 101,
    NR_timer_create = 107, NR_timer_settime = 110, NR_timer_delete = 111,
    NR_clock_gettime = 113, NR_rt_sigaction = 134, NR_rt_sigprocmask = 135,
    NR_getpid = 172, NR_gettid = 178, NR_socket = 198, NR_connect = 203, NR_sendto = 206
};

static inline long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b,
                  x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
#else
#error "the shim is made for amd64 and arm64"
#endif

#define ask(number, a, b, c, d) kernel(number, (long) (a), (long) (b), (long) (c), (long) (d), 0, 0)

enum { EINTR = 4, EAGAIN = 11, EACCES = 13, EPROTOTYPE = 91, EWOULDBLOCK = EAGAIN };
enum { LOCK_SH = 1, LOCK_EX = 2, LOCK_NB = 4 };
enum { F_SETLK = 6, F_SETLKW = 7, F_GETOWN = 9, F_GETOWN_EX = 16 };
enum { F_RDLCK, F_WRLCK };
enum { AT_FDCWD = -100, CLOCK_MONOTONIC = 1 };

struct range { /* struct flock */
    short type, whence;
    long start, length;
    int pid;
};

struct timespec {
    long sec, nsec;
};

/* What libc has and this library borrows, if it is there: all weak, and without
 * versions, so that no libc is too old or too new. */
#define BORROWED extern __attribute__((weak))
BORROWED int *__errno_location(void);
BORROWED char **environ;
BORROWED int __fcntl(int, int, ...);          /* glibc */
BORROWED void *dlsym(void *, const char *);   /* musl, and glibc from 2.34 on */
BORROWED void pthread_testcancel(void);
BORROWED void _pthread_cleanup_push(void *, void (*)(void *), void *);
BORROWED void _pthread_cleanup_pop(void *, int);

/* Compilers call these two of their own accord. */
__attribute__((visibility("hidden"), used)) void *memset(void *to, int c, unsigned long n)
{
    volatile char *p = to;

    while (n--) *p++ = (char) c;
    return to;
}

__attribute__((visibility("hidden"), used)) void *memcpy(void *to, const void *from, unsigned long n)
{
    volatile char *p = to;
    const char *q = from;

    while (n--) *p++ = *q++;
    return to;
}

static int *errno_place(void)
{
    static int none;

    return __errno_location ? __errno_location() : &none;
}

/* The result of a system call as C programs expect it. errno stays as it is where
 * nothing failed. */
static int answer(long r)
{
    if (r >= 0 || r < -4095) return (int) r;
    *errno_place() = (int) -r;
    return -1;
}

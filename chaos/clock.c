/* A wall clock that is off by as many seconds as the file CHAOS_CLOCK says: 8 bytes, a number.
 *
 * Preloaded into a process, it moves what the process takes for the time of day, at once when the
 * file is written. How much time passes is left alone: CLOCK_MONOTONIC is not touched, and who
 * waits until a time of day waits as long as they meant to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

/* Deadlines on CLOCK_MONOTONIC come the same way; they are far below any time of day. */
#define EARLIEST_TIME_OF_DAY 1000000000

static volatile int64_t *file;

__attribute__((constructor)) static void open_file(void)
{
    const char *name = getenv("CHAOS_CLOCK");
    int opened = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (opened < 0)
        return;
    void *mapped = mmap(NULL, sizeof *file, PROT_READ, MAP_SHARED, opened, 0);
    if (mapped != MAP_FAILED)
        file = mapped;
    close(opened);
}

static int64_t ahead(void)
{
    return file ? *file : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += ahead();
    return status;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int status = syscall(SYS_gettimeofday, now, zone);
    if (status == 0 && now)
        now->tv_sec += ahead();
    return status;
}

int timespec_get(struct timespec *now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

time_t time(time_t *kept)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept)
        *kept = now.tv_sec;
    return now.tv_sec;
}

/* A time of day that somebody waits for, on the right clock. */
static struct timespec meant(const struct timespec *until)
{
    struct timespec right = *until;
    if (right.tv_sec > EARLIEST_TIME_OF_DAY)
        right.tv_sec -= ahead();
    return right;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until)
{
    static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec right = meant(until);
    if (!wait) /* without a version dlsym may find the one of old programs */
        wait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!wait)
        wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    return wait(condition, mutex, &right);
}

/* What librdkafka calls. */
int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
    static int (*wait)(cnd_t *, mtx_t *, const struct timespec *);
    struct timespec right = meant(until);
    if (!wait)
        wait = dlsym(RTLD_NEXT, "cnd_timedwait");
    return wait(condition, mutex, &right);
}

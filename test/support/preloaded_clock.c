/* A system clock that is off by what the file $CLOCK_OFFSET holds, in s, as after a step of it.

   Waits until a time of that clock follow a step that happens meanwhile, as the kernel's do. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SLICE_NS 20000000L
#define NS_PER_S 1000000000L
/* No machine has run for 30 years: an earlier time is of the monotonic clock. */
#define EARLIEST_S 1000000000L

static long offset_s(void)
{
    char text[32] = {0};
    const char *path = getenv("CLOCK_OFFSET");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return 0;
    ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    return length > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += offset_s();
    return status;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec exact;
    (void)zone;
    int status = clock_gettime(CLOCK_REALTIME, &exact);
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return status;
}

time_t time(time_t *result)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (result)
        *result = exact.tv_sec;
    return exact.tv_sec;
}

/* Whether a deadline has passed; else the end of the next slice, by the monotonic clock. */
static int has_passed(const struct timespec *deadline, struct timespec *slice_end)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_MONOTONIC, slice_end);
    slice_end->tv_nsec += SLICE_NS;
    if (slice_end->tv_nsec >= NS_PER_S) {
        slice_end->tv_sec += 1;
        slice_end->tv_nsec -= NS_PER_S;
    }
    return now.tv_sec > deadline->tv_sec
        || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *deadline)
{
    struct timespec slice_end;
    if (deadline->tv_sec < EARLIEST_S)
        return pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, deadline);
    while (!has_passed(deadline, &slice_end)) {
        int status = pthread_cond_clockwait(cond, mutex, CLOCK_MONOTONIC, &slice_end);
        if (status != ETIMEDOUT)
            return status;
    }
    return ETIMEDOUT;
}

int sem_timedwait(sem_t *semaphore, const struct timespec *deadline)
{
    struct timespec slice_end;
    while (!has_passed(deadline, &slice_end)) {
        if (sem_clockwait(semaphore, CLOCK_MONOTONIC, &slice_end) == 0)
            return 0;
        if (errno != ETIMEDOUT)
            return -1;
    }
    errno = ETIMEDOUT;
    return -1;
}

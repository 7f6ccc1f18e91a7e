#include "clinux.h"
#include "timer.h"

#include <sys/timerfd.h>

int cl_timer_open(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int cl_timer_arm(int fd, uint64_t at_ns) {
    // All zero would disarm it.
    if (at_ns == 0) at_ns = 1;
    struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(at_ns / 1000000000u), .tv_nsec = (long)(at_ns % 1000000000u)},
    };
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL) < 0 ? -errno : 0;
}

int cl_timer_disarm(int fd) {
    struct itimerspec never = {0};
    return timerfd_settime(fd, 0, &never, NULL) < 0 ? -errno : 0;
}

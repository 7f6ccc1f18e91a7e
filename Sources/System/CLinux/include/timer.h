#pragma once
// Timers finer than epoll_wait's milliseconds (timerfd_create(2)).
#include <stdint.h>

/// A non-blocking timer on the clock of `cl_now_ns`. Returns the descriptor or -errno.
int cl_timer_open(void);

/// Fires once at `at_ns` of that clock, at once when that has passed. Returns 0 or -errno.
int cl_timer_arm(int fd, uint64_t at_ns);

/// Never fires what was armed. Returns 0 or -errno.
int cl_timer_disarm(int fd);

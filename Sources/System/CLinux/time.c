#include "clinux.h"

static uint64_t read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t cl_now_ns(void) { return read_clock(CLOCK_MONOTONIC); }

uint64_t cl_wall_ns(void) { return read_clock(CLOCK_REALTIME); }

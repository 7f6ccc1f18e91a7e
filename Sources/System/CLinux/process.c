#include "process.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int cl_pidfd_open(pid_t pid) {
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

int cl_realtime(int priority) {
    struct sched_param parameters = {.sched_priority = priority};
    return sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameters) < 0 ? -errno : 0;
}

int cl_lock_memory(void) { return mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0; }

pid_t cl_fork(void) { return fork(); }

int cl_message_pair(int out[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, out) < 0 ? -errno : 0;
}

int cl_wait_readable(int fd, int milliseconds) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int count = poll(&wait, 1, milliseconds);
    if (count < 0) return errno == EINTR ? 0 : -errno;
    return count > 0;
}

void cl_ignore_signals(const int *signals, int count) {
    for (int i = 0; i < count; i++) signal(signals[i], SIG_IGN);
}

void cl_name_process(const char *name) { prctl(PR_SET_NAME, name); }

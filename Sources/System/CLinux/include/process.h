#pragma once
// Processes and how they are scheduled.
#include "clinux.h"

/// A descriptor that becomes readable when the process ends (pidfd_open(2)). Returns it or -errno.
int cl_pidfd_open(pid_t pid);

/// SCHED_FIFO for this process, not for its children (sched(7)). Returns 0 or -errno.
int cl_realtime(int priority);

/// Keeps all memory of this process resident. Returns 0 or -errno.
int cl_lock_memory(void);

/// fork(2). Embedded Swift and the host's overlay do not import it.
pid_t cl_fork(void);

/// A pair of connected sockets that keep messages whole. Returns 0 or -errno.
int cl_message_pair(int out[2]);

/// poll(2) for reading on one descriptor. Returns 1 if it is readable or closed, 0 after the time, -errno.
int cl_wait_readable(int fd, int milliseconds);

/// Does nothing when these signals come.
void cl_ignore_signals(const int *signals, int count);

/// Names this process as ps and /proc/PID/comm show it (at most 15 bytes).
void cl_name_process(const char *name);

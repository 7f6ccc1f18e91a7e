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

/// Processes whose parents die become this one's children (PR_SET_CHILD_SUBREAPER), also after exec. Returns 0 or -errno.
int cl_adopt_orphans(void);

/// A program to be started.
struct cl_program {
    const char *const *arguments;    // ends with NULL; the first is the path
    const char *const *environment;  // ends with NULL
    const char *folder;              // where it begins
    const char *output;              // a file that its output and errors are added to; NULL: this process's
    const char *input;               // a file that it reads; NULL: nothing
    int third;                       // becomes its descriptor 3; -1: none
    int64_t user, group;             // -1: this process's
    const uint32_t *groups;          // further groups of the user
    int group_count;
};

/// Starts a program in a session of its own, that is killed when this process dies. Returns its number or -errno.
pid_t cl_start_program(const struct cl_program *program);

/// A child that has ended: 1, with its number and its code as a shell would say it; 0 when none has, or -errno.
int cl_reap(pid_t *pid, int *code);

/// Becomes another program (execve(2)) with the present environment and all signals unblocked. Returns only with -errno.
int cl_replace_process(const char *path, const char *const *arguments);

/// Sets a variable of the environment; NULL removes it.
void cl_set_environment(const char *name, const char *value);


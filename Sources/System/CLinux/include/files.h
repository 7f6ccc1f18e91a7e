#pragma once
// Files and programs as `pinode apply` and the workstation need them.
#include "clinux.h"

/// What lstat(2) says, the same widths on every architecture.
struct cl_file {
    char kind;  // 'f' file, 'd' directory, 'l' link, 'o' anything else
    uint32_t mode;  // permission bits only
    uint32_t user, group;
    int64_t size;
    int64_t modified;  // nanoseconds since 1970
    uint64_t device, inode;
};

/// Describes the path itself, never what a link leads to. Returns 0 or -errno.
int cl_lstat(const char *path, struct cl_file *out);

/// Takes an exclusive lock on an open file without waiting. Returns 0 or -errno.
int cl_lock(int fd);

/// Whether a directory has an entry besides . and .. : 1, 0 or -errno.
int cl_directory_has_entries(const char *path);

/// Calls `entry` for every name in a directory besides . and .. ; returns 0 or -errno.
int cl_list_directory(const char *path, void *context, void (*entry)(void *context, const char *name));

/// Starts a program in a process group of its own, its input empty, its output and errors in one pipe, all
/// signals at their defaults. `arguments` and `environment` end with NULL; arguments[0] is the path.
/// Returns the pipe's reading end (non-blocking) or -errno.
int cl_spawn_merged(char *const *arguments, char *const *environment, pid_t *pid);

/// waitpid without waiting: 1 when it has ended (`*code` as a shell would say it), 0 when not, or -errno.
int cl_try_wait(pid_t pid, int *code);

/// poll(2) for one descriptor; `events` are POLLIN and POLLOUT. Returns the events that came, 0 or -errno.
int cl_poll(int fd, int events, int milliseconds);

/// rename(2), without all of stdio.h. Returns 0 or -errno.
int cl_rename(const char *from, const char *to);

/// Room that is left for this process on the file system of a path, in KiB, or -errno.
int64_t cl_free_kib(const char *path);

/// `count` bytes of the kernel's randomness (getrandom(2)), at most 256. Returns 0 or -errno.
int cl_random(void *bytes, size_t count);

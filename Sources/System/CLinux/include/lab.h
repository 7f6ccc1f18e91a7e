#pragma once
// What the lab needs from the kernel and cannot say in Swift: processes born in a cgroup, loop
// devices, and the power cut of an ext4.
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/types.h>

/// Starts a program inside a cgroup v2 (clone3 with CLONE_INTO_CGROUP, Linux 5.7): there is no moment in
/// which it runs outside, so whoever kills the cgroup kills it, too. `arguments[0]` is a path. The three
/// descriptors become its standard streams; all others are closed, no signal stays blocked.
/// `detached`: in a session of its own and no child of ours (it is reaped by init); then 0 is returned,
/// otherwise the process id. -errno on failure, that of execve included.
int cl_spawn_in_cgroup(int cgroup, char *const arguments[], char *const environment[], int input, int output,
                       int error, int detached);

/// Connects a file with a free loop device that goes away by itself with its last user (LO_FLAGS_AUTOCLEAR),
/// so hold the returned descriptor until it is mounted. Writes the device's path. -errno on failure.
int cl_loop_attach(const char *file, char *device, size_t capacity);

/// Mounts; `options` may be NULL. 0 or -errno.
int cl_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options);

/// EXT4_IOC_SHUTDOWN with NOLOGFLUSH on a mounted ext4: from now on nothing reaches the disk, and what had not
/// been synced is lost, as when the power is cut. 0 or -errno.
int cl_ext4_shutdown(const char *mountpoint);

/// syncfs(2) and pipe2(2) with O_CLOEXEC, which only _GNU_SOURCE shows. 0 or -errno.
int cl_syncfs(int descriptor);
int cl_pipe_cloexec(int ends[2]);

/// A device node's number, for mknod.
static inline dev_t cl_makedev(unsigned major_number, unsigned minor_number) {
    return makedev(major_number, minor_number);
}

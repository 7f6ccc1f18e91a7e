#include "include/clinux.h"
#include "include/lab.h"
#include <linux/loop.h>
#include <linux/sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef LOOP_CONFIGURE
#error "linux/loop.h is older than Linux 5.8"
#endif
// fs/ext4/ext4.h; in no header of user space.
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define EXT4_GOING_FLAGS_NOLOGFLUSH 2
#define LOOP_MAJOR_NUMBER 7

// struct clone_args of <linux/sched.h> up to the cgroup (version 2), spelled out for older headers.
struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
        cgroup;
};

static void report_and_exit(int report) {
    int code = errno;
    while (write(report, &code, sizeof code) < 0 && errno == EINTR) {}
    _exit(127);
}

// The child: only calls that are safe after a fork of a process with threads.
static void become(char *const arguments[], char *const environment[], const int streams[3], int detached,
                   int report) {
    if (detached) {
        if (setsid() < 0) report_and_exit(report);
        // Not fork(): the C library's takes locks that another thread of the parent may have held.
        struct clone_arguments again = {.exit_signal = SIGCHLD};
        long second = syscall(SYS_clone3, &again, sizeof again);
        if (second < 0) report_and_exit(report);
        if (second > 0) _exit(0);
    }
    // Above the standard streams, so that none of them is overwritten before it is used.
    int kept[3];
    for (int i = 0; i < 3; i++)
        if ((kept[i] = fcntl(streams[i], F_DUPFD, 10)) < 0) report_and_exit(report);
    int exec_report = fcntl(report, F_DUPFD_CLOEXEC, 10);
    if (exec_report < 0) report_and_exit(report);
    for (int i = 0; i < 3; i++)
        if (dup2(kept[i], i) < 0) report_and_exit(exec_report);
    if (exec_report > 3) syscall(SYS_close_range, 3u, (unsigned)exec_report - 1, 0u);
    syscall(SYS_close_range, (unsigned)exec_report + 1, ~0u, 0u);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    execve(arguments[0], arguments, environment);
    report_and_exit(exec_report);
}

int cl_spawn_in_cgroup(int cgroup, char *const arguments[], char *const environment[], int input, int output,
                       int error, int detached) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0) return -errno;
    const int streams[3] = {input, output, error};
    struct clone_arguments clone = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
    long child = syscall(SYS_clone3, &clone, sizeof clone);
    if (child == 0) become(arguments, environment, streams, detached, report[1]);
    int code = child < 0 ? errno : 0;
    close(report[1]);
    if (child > 0) {
        int reported = 0;
        ssize_t count;
        while ((count = read(report[0], &reported, sizeof reported)) < 0 && errno == EINTR) {}
        if (count == sizeof reported) code = reported;
        if (detached || code != 0)
            while (waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) {}
    }
    close(report[0]);
    if (code != 0) return -code;
    return detached ? 0 : (int)child;
}

int cl_loop_attach(const char *file, char *device, size_t capacity) {
    int backing = open(file, O_RDWR | O_CLOEXEC);
    if (backing < 0) return -errno;
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    if (control < 0) {
        int code = errno;
        close(backing);
        return -code;
    }
    int result = -EBUSY;
    // Somebody else may take the free device between the two calls: then ask again.
    for (int attempt = 0; attempt < 64 && result == -EBUSY; attempt++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        if (number < 0) {
            result = -errno;
            break;
        }
        snprintf(device, capacity, "/dev/loop%d", number);
        // Where /dev is no devtmpfs, the kernel makes the device but nobody its node.
        if (access(device, F_OK) < 0 && mknod(device, S_IFBLK | 0660, makedev(LOOP_MAJOR_NUMBER, number)) < 0 &&
            errno != EEXIST) {
            result = -errno;
            break;
        }
        int loop = open(device, O_RDWR | O_CLOEXEC);
        if (loop < 0) {
            result = -errno;
            break;
        }
        struct loop_config config = {.fd = (uint32_t)backing, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
        snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", file);
        if (ioctl(loop, LOOP_CONFIGURE, &config) == 0) {
            result = loop;
        } else {
            result = -errno;
            close(loop);
        }
    }
    close(control);
    close(backing);
    return result;
}

int cl_mount(const char *source, const char *target, const char *type, unsigned long flags, const char *options) {
    return mount(source, target, type, flags, options) < 0 ? -errno : 0;
}

int cl_ext4_shutdown(const char *mountpoint) {
    int folder = open(mountpoint, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -errno;
    uint32_t flags = EXT4_GOING_FLAGS_NOLOGFLUSH;
    int result = ioctl(folder, EXT4_IOC_SHUTDOWN, &flags) < 0 ? -errno : 0;
    close(folder);
    return result;
}

int cl_syncfs(int descriptor) { return syncfs(descriptor) < 0 ? -errno : 0; }

int cl_pipe_cloexec(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0; }

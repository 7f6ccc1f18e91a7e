#include "files.h"

#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/statvfs.h>

int cl_lstat(const char *path, struct cl_file *out) {
    struct stat found;
    if (lstat(path, &found) < 0) return -errno;
    out->kind = S_ISREG(found.st_mode)   ? 'f'
                : S_ISDIR(found.st_mode) ? 'd'
                : S_ISLNK(found.st_mode) ? 'l'
                                         : 'o';
    out->mode = found.st_mode & 07777;
    out->user = found.st_uid;
    out->group = found.st_gid;
    out->size = found.st_size;
    out->device = found.st_dev;
    out->inode = found.st_ino;
    out->modified = (int64_t)found.st_mtim.tv_sec * 1000000000 + found.st_mtim.tv_nsec;
    return 0;
}

int cl_rename(const char *from, const char *to) { return rename(from, to) < 0 ? -errno : 0; }

int64_t cl_free_kib(const char *path) {
    struct statvfs found;
    if (statvfs(path, &found) < 0) return -errno;
    return (int64_t)((uint64_t)found.f_bavail * found.f_frsize >> 10);
}

int cl_random(void *bytes, size_t count) { return getrandom(bytes, count, 0) == (ssize_t)count ? 0 : -errno; }

int cl_lock(int fd) { return flock(fd, LOCK_EX | LOCK_NB) < 0 ? -errno : 0; }

int cl_list_directory(const char *path, void *context, void (*entry)(void *, const char *)) {
    DIR *directory = opendir(path);
    if (!directory) return -errno;
    for (struct dirent *found; (found = readdir(directory));)
        if (strcmp(found->d_name, ".") && strcmp(found->d_name, "..")) entry(context, found->d_name);
    closedir(directory);
    return 0;
}

static void count(void *context, const char *name) {
    (void)name;
    *(int *)context = 1;
}

int cl_directory_has_entries(const char *path) {
    int any = 0, result = cl_list_directory(path, &any, count);
    return result < 0 ? result : any;
}

int cl_spawn_merged(char *const *arguments, char *const *environment, pid_t *pid) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawnattr_init(&attributes);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    int code = posix_spawn(pid, arguments[0], &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (code) {
        close(ends[0]);
        return -code;
    }
    cl_set_nonblocking(ends[0]);
    return ends[0];
}

int cl_try_wait(pid_t pid, int *code) {
    int status;
    pid_t ended = waitpid(pid, &status, WNOHANG);
    if (ended < 0) return -errno;
    if (ended == 0) return 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 1;
}

int cl_poll(int fd, int events, int milliseconds) {
    struct pollfd wanted = {.fd = fd, .events = (short)events};
    int result = poll(&wanted, 1, milliseconds);
    if (result < 0) return errno == EINTR ? 0 : -errno;
    return result == 0 ? 0 : wanted.revents;
}

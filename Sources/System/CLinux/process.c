#include "process.h"

#include <grp.h>
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

int cl_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? -errno : 0; }

// After fork: only what is safe between fork and exec.
static void run_program(const struct cl_program *program, pid_t parent) {
    sigset_t signals;
    sigemptyset(&signals);
    sigprocmask(SIG_SETMASK, &signals, NULL);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    setsid();
    int input = open(program->input ? program->input : "/dev/null", O_RDONLY);
    if (input < 0) return;
    if (program->output) {
        int output = open(program->output, O_WRONLY | O_APPEND | O_CREAT, 0640);
        if (output < 0) return;
        dup2(output, 1);
        dup2(output, 2);
        close(output);
    }
    dup2(input, 0);
    if (program->third >= 0) {
        if (program->third == 3) fcntl(3, F_SETFD, 0);
        else dup2(program->third, 3);
    }
    close_range(program->third >= 0 ? 4 : 3, ~0U, 0);
    if (program->group >= 0
        && (setgroups((size_t)program->group_count, program->groups) < 0 || setgid((gid_t)program->group) < 0))
        return;
    if (program->user >= 0 && setuid((uid_t)program->user) < 0) return;
    // Changing the user takes it away, so it comes last; and the parent may be dead already.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent || (program->folder && chdir(program->folder) < 0)) return;
    execve(program->arguments[0], (char *const *)program->arguments, (char *const *)program->environment);
}

pid_t cl_start_program(const struct cl_program *program) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) return -errno;
    if (child > 0) return child;
    run_program(program, parent);
    _exit(127);
}

int cl_reap(pid_t *pid, int *code) {
    int status;
    *pid = waitpid(-1, &status, WNOHANG);
    if (*pid < 0) return errno == ECHILD ? 0 : -errno;
    if (*pid == 0) return 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 1;
}

int cl_replace_process(const char *path, const char *const *arguments) {
    sigset_t signals, former;
    sigemptyset(&signals);
    sigprocmask(SIG_SETMASK, &signals, &former);
    execv(path, (char *const *)arguments);
    int code = errno;
    sigprocmask(SIG_SETMASK, &former, NULL);
    return -code;
}

void cl_set_environment(const char *name, const char *value) {
    if (value) setenv(name, value, 1);
    else unsetenv(name);
}

#include "clinux.h"
#include "interrupt.h"

#include <sys/resource.h>
#include <sys/syscall.h>

static volatile int target = -1;
static struct sigaction before_interrupt, before_terminate;

static void note(int signal) {
    (void)signal;
    int saved = errno;
    uint64_t one = 1;
    if (write(target, &one, sizeof one) < 0) { /* already readable: nothing is lost */ }
    errno = saved;
}

int cl_interrupt_begin(void) {
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) return -errno;
    target = fd;
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before_interrupt);
    sigaction(SIGTERM, &action, &before_terminate);
    // Whoever started us from a thread that blocks signals has handed the block on (sigprocmask(2), execve(2)).
    sigset_t both;
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    pthread_sigmask(SIG_UNBLOCK, &both, NULL);
    return fd;
}

void cl_interrupt_end(int fd) {
    sigaction(SIGINT, &before_interrupt, NULL);
    sigaction(SIGTERM, &before_terminate, NULL);
    target = -1;
    close(fd);
}

long cl_raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return -errno;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return (long)limit.rlim_cur;
}

int cl_raise_thread_priority(void) {
    // Linux keeps the nice value a thread: a thread's id names that thread alone.
    return setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), -10) < 0 ? -errno : 0;
}

#pragma once
// The only door to libc and the kernel: everything under Shared and Node imports CLinux, never
// Glibc, so that the same source compiles for the host and as Embedded Swift (where the target
// triple's OS is "none" and there is no Glibc overlay).
// No _GNU_SOURCE here, only in our C files (Package.swift): it changes fd_set's members, and then this
// module and Foundation's could not be imported together.
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// errno is a macro over a thread-local accessor: Swift cannot import it.
static inline int cl_errno(void) { return errno; }
static inline const char *cl_strerror(int code) { return strerror(code); }

// Function-like macros and variadic functions need wrappers.
static inline uint16_t cl_htons(uint16_t v) { return htons(v); }
static inline uint32_t cl_htonl(uint32_t v) { return htonl(v); }
int cl_accept4(int fd);
static inline int cl_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }
static inline int cl_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }
static inline int cl_setsockopt_int(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}
static inline int cl_getsockopt_int(int fd, int level, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, option, &value, &size) < 0 ? -errno : value;
}

/// Monotonic nanoseconds since boot, the same width on every architecture
/// (time_t has 32 bits in Debian 12's armhf).
uint64_t cl_now_ns(void);

/// Nanoseconds since 1970 (CLOCK_REALTIME), for logs only: no decision reads it.
uint64_t cl_wall_ns(void);

/// Binds an IPv4 or IPv6 TCP socket to a text address and listens. IP_FREEBIND when asked: the
/// address may be elsewhere now (a virtual IP). Returns the descriptor or -errno.
int cl_listen_tcp(const char *address, uint16_t port, int reuseport, int freebind, int backlog);

/// Starts a non-blocking connect; bound to `device` when it is not NULL and not empty.
/// Returns the descriptor (EINPROGRESS counts as success) or -errno.
int cl_connect_tcp(const char *address, uint16_t port, const char *device);

/// Unix stream sockets by path (at most 107 bytes). Return the descriptor or -errno.
int cl_listen_unix(const char *path, mode_t mode, int backlog);
int cl_connect_unix(const char *path);

/// One datagram to a Unix socket; a leading '@' means the abstract namespace. Returns 0 or -errno.
int cl_send_unix_datagram(const char *path, const void *bytes, size_t count);

/// Blocks the signals for this process and returns a signalfd for them (-errno on failure).
int cl_signalfd(const int *signals, int count);

/// The process's arguments, as main got them.
int cl_argument_count(void);
const char *cl_argument(int index);

// Topics of their own. Named here, too, because a compiler's module cache does not notice a new header.
#include "handover.h"
#include "netlink.h"
#include "process.h"
#include "rawsocket.h"

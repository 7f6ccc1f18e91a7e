#pragma once
#include "clinux.h"
#include <sys/resource.h>

/// An address and a port as numbers: 4 bytes in `low`, or 16 with the first eight in `high`.
struct cl_peer {
    uint64_t high;
    uint64_t low;
    uint16_t port;
    uint8_t is_v6;
};

/// accept4(2), non-blocking and closed on exec. Returns the descriptor or -errno.
int cl_accept_peer(int listener, struct cl_peer *peer);

/// The address of a socket's own end (`peer` is 0) or of the other one. Returns 0 or -errno.
int cl_socket_address(int fd, int of_peer, struct cl_peer *out);

/// Binds and listens with TCP_NODELAY, which accepted sockets inherit, and IP_FREEBIND: a virtual IP may be
/// elsewhere now. `v6only` is for IPv6. Returns the descriptor or -errno.
int cl_listen_peer(const struct cl_peer *address, int v6only, int backlog);

/// From now on a listening socket silently drops attempts to connect (`drop`), or no longer: clients ask again after a
/// second (RFC 6298 section 5.7). Who has connected already is not concerned. Returns 0 or -errno.
int cl_drop_new_connections(int fd, int drop);

/// An accepted socket has inherited its listening socket's dropping if that began during its handshake: undoes it. Costs a
/// call only in processes in which a listening socket has dropped.
void cl_heal_accepted(int fd);

/// How many connections of these listening addresses the kernel has: with a process, waiting for one, in the making, and
/// closed with bytes that the client has not acknowledged. Returns the number or -errno.
int cl_count_connections(const struct cl_peer *listeners, int count);

/// Starts a non-blocking connect with TCP_NODELAY. Returns the descriptor or -errno; `*done` says whether it is
/// connected already.
int cl_connect_peer(const struct cl_peer *address, int *done);

/// Raises the soft limit of open descriptors to `wanted`, as far as allowed. Returns the limit in force.
uint64_t cl_raise_descriptor_limit(uint64_t wanted);

/// Processor time of this process, user and system, in nanoseconds.
uint64_t cl_processor_time_ns(void);

/// Bytes of resident memory, or 0 when unknown.
uint64_t cl_resident_bytes(void);

/// Processor cores that this process may use.
int cl_processor_count(void);

static inline int cl_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// Waits until a descriptor can be read. Returns 1 when it can, 0 after `milliseconds`.
int cl_poll_readable(int fd, int milliseconds);

/// Starts a thread. Returns 0 or an errno.
static inline int cl_start_thread(pthread_t *thread, void *argument, void *(*body)(void *)) {
    return pthread_create(thread, NULL, body, argument);
}

/// The entry of the environment with this number (`NAME=value`), or NULL after the last.
const char *cl_environment(int index);

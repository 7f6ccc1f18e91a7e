#pragma once
// What a Reactor's channels need of sockets beyond clinux.h.
#include "clinux.h"

/// send(2) without waiting and without SIGPIPE. Returns the bytes taken or -errno.
static inline ssize_t cl_send(int fd, const void *bytes, size_t count) {
    ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

/// The same for several pieces (sendmsg(2)).
static inline ssize_t cl_send_vectors(int fd, struct iovec *pieces, int count) {
    if (count == 1) return cl_send(fd, pieces[0].iov_base, pieces[0].iov_len);
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = (size_t)count};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? -errno : sent;
}

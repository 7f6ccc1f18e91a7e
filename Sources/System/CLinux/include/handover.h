#pragma once
#include "clinux.h"

/// The most descriptors that one message carries (SCM_MAX_FD of the kernel is 253).
enum { CL_MAXIMUM_DESCRIPTORS = 250 };

/// Sends bytes and, with them, open descriptors over a Unix socket (unix(7), SCM_RIGHTS). `count` is at least 1.
/// Returns 0 or -errno.
int cl_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count);

/// Waits for such a message, at most `milliseconds`. The descriptors are closed on exec. `*descriptor_count` is how many
/// fit and how many came. Returns the number of bytes, 0 when the other end closed, or -errno.
ssize_t cl_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int *descriptor_count,
                               int milliseconds);

/// Whether the process at the other end of a Unix socket has our user or is root's.
int cl_peer_is_own(int socket);

#pragma once
// io_uring(7) as the Reactor uses it, by raw system calls: one ring a thread, multishot receives and accepts, and
// buffers that the kernel takes as bytes come. linux/io_uring.h stays out of this header: its macros collide.
#include <stddef.h>
#include <stdint.h>

struct cl_ring;

/// One thing that the kernel has done.
struct cl_completion {
    uint64_t data;
    int32_t result;
    uint32_t flags;
};

/// Opens a ring for the calling thread, which alone may use it, and gives the kernel `buffers` (a power of two) of
/// `buffer_size` bytes. Needs Linux 6.0; NULL with an errno in `*error` and the call that failed in `*step`.
struct cl_ring *cl_ring_open(unsigned entries, unsigned buffers, unsigned buffer_size, int *error, const char **step);
/// Everything that is under way is cancelled.
void cl_ring_close(struct cl_ring *ring);

/// Makes room for so many submissions, by handing over what waits. Returns whether there is room.
int cl_ring_make_room(struct cl_ring *ring, unsigned count);
/// Hands over what waits and, for a positive time, waits until something is done. Returns 0 or -errno; that the
/// time has passed is no error.
int cl_ring_enter(struct cl_ring *ring, int64_t nanoseconds);
/// Takes the next completion. Returns 1, or 0 when there is none.
int cl_ring_next(struct cl_ring *ring, struct cl_completion *out);

// Submissions. Each needs room and is handed over by the next `cl_ring_enter`; `data` comes back with completions.

/// Receives into the kernel's buffers until it fails, ends or is cancelled. `poll_first`: nothing is expected yet.
void cl_ring_receive(struct cl_ring *ring, int fd, int poll_first, uint64_t data);
/// Sends; the bytes must stay until the completion.
void cl_ring_send(struct cl_ring *ring, int fd, const void *bytes, size_t count, int poll_first, uint64_t data);
/// Accepts until it fails or is cancelled: non-blocking, closed on exec.
void cl_ring_accept(struct cl_ring *ring, int fd, uint64_t data);
/// Tells once, or every time, when poll(2)'s events occur.
void cl_ring_poll(struct cl_ring *ring, int fd, uint32_t events, int every_time, uint64_t data);
/// Cancels what was submitted with `data`; only a failure to do so is told, with 0 for data.
void cl_ring_cancel(struct cl_ring *ring, uint64_t data);
/// Cancels all of a descriptor's and closes it (two submissions).
void cl_ring_cancel_and_close(struct cl_ring *ring, int fd);

/// Whether more completions of the same submission follow.
int cl_completion_has_more(const struct cl_completion *completion);
/// The bytes that a completion brings, or NULL.
const void *cl_ring_bytes(const struct cl_ring *ring, const struct cl_completion *completion);
/// They have been used.
void cl_ring_give_back(struct cl_ring *ring, const struct cl_completion *completion);

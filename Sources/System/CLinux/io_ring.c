#include "clinux.h"
#include "io_ring.h"

#include <linux/io_uring.h>
#include <linux/time_types.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct cl_ring {
    int fd;
    // What waits to be submitted.
    struct io_uring_sqe *sqes;
    unsigned *sq_head, *sq_tail;
    unsigned sq_entries, sq_mask, tail;
    // What has been done.
    struct io_uring_cqe *cqes;
    unsigned *cq_head, *cq_tail;
    unsigned cq_mask;
    // What bytes are received into.
    struct io_uring_buf_ring *buffers;
    uint8_t *memory;
    unsigned buffer_count, buffer_size;
    uint16_t buffer_tail;
    // Mappings.
    void *rings, *sqe_map;
    size_t rings_size, sqes_size, buffers_size, memory_size;
};

static int ring_setup(unsigned entries, struct io_uring_params *params) {
    return (int)syscall(SYS_io_uring_setup, entries, params);
}

static int ring_register(int fd, unsigned operation, void *argument, unsigned count) {
    return (int)syscall(SYS_io_uring_register, fd, operation, argument, count);
}

static void *map(int fd, size_t size, off_t offset) {
    int flags = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED | MAP_POPULATE;
    void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, offset);
    return place == MAP_FAILED ? NULL : place;
}

static int open_descriptor(unsigned entries, struct io_uring_params *params) {
    // SINGLE_ISSUER (6.0) stands for a kernel that has multishot receive, too, which no flag tells of.
    // DEFER_TASKRUN (6.1): work is done when we ask for it, not whenever this thread is in the kernel.
    static const unsigned wanted[] = {
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
        IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
    };
    int fd = -1;
    for (unsigned i = 0; i < 2; i++) {
        memset(params, 0, sizeof *params);
        params->flags = wanted[i] | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL;
        params->cq_entries = entries * 8;
        fd = ring_setup(entries, params);
        if (fd >= 0 || errno != EINVAL) break;
    }
    return fd;
}

static int map_rings(struct cl_ring *ring, const struct io_uring_params *params) {
    size_t sq = params->sq_off.array + params->sq_entries * sizeof(unsigned);
    size_t cq = params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe);
    ring->rings_size = sq > cq ? sq : cq;
    ring->sqes_size = params->sq_entries * sizeof(struct io_uring_sqe);
    uint8_t *base = ring->rings = map(ring->fd, ring->rings_size, IORING_OFF_SQ_RING);
    ring->sqes = ring->sqe_map = map(ring->fd, ring->sqes_size, IORING_OFF_SQES);
    if (!base || !ring->sqes) return -1;
    ring->sq_head = (unsigned *)(base + params->sq_off.head);
    ring->sq_tail = (unsigned *)(base + params->sq_off.tail);
    ring->sq_entries = params->sq_entries;
    ring->sq_mask = params->sq_entries - 1;
    ring->tail = *ring->sq_tail;
    // Places and submissions correspond once and for all.
    unsigned *array = (unsigned *)(base + params->sq_off.array);
    for (unsigned i = 0; i < params->sq_entries; i++) array[i] = i;
    ring->cq_head = (unsigned *)(base + params->cq_off.head);
    ring->cq_tail = (unsigned *)(base + params->cq_off.tail);
    ring->cq_mask = params->cq_entries - 1;
    ring->cqes = (struct io_uring_cqe *)(base + params->cq_off.cqes);
    return 0;
}

static void provide(struct cl_ring *ring, unsigned buffer) {
    struct io_uring_buf *place = &ring->buffers->bufs[ring->buffer_tail & (ring->buffer_count - 1)];
    place->addr = (uintptr_t)(ring->memory + (size_t)buffer * ring->buffer_size);
    place->len = ring->buffer_size;
    place->bid = (uint16_t)buffer;
    ring->buffer_tail++;
    __atomic_store_n(&ring->buffers->tail, ring->buffer_tail, __ATOMIC_RELEASE);
}

static int map_buffers(struct cl_ring *ring, unsigned count, unsigned size, const char **step) {
    *step = "mmap";
    ring->buffer_count = count;
    ring->buffer_size = size;
    ring->buffers_size = count * sizeof(struct io_uring_buf);
    ring->memory_size = (size_t)count * size;
    ring->buffers = map(-1, ring->buffers_size, 0);
    ring->memory = map(-1, ring->memory_size, 0);
    if (!ring->buffers || !ring->memory) return -1;
    *step = "io_uring_register";
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)ring->buffers,
        .ring_entries = count,
    };
    if (ring_register(ring->fd, IORING_REGISTER_PBUF_RING, &registration, 1) < 0) return -1;
    for (unsigned i = 0; i < count; i++) provide(ring, i);
    return 0;
}

struct cl_ring *cl_ring_open(unsigned entries, unsigned buffers, unsigned buffer_size, int *error, const char **step) {
    struct cl_ring *ring = calloc(1, sizeof *ring);
    struct io_uring_params params;
    *error = ENOMEM;
    *step = "calloc";
    if (!ring) return NULL;
    *step = "io_uring_setup";
    ring->fd = open_descriptor(entries, &params);
    if (ring->fd < 0) {
        *error = errno;
        free(ring);
        return NULL;
    }
    unsigned needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE | IORING_FEAT_EXT_ARG |
                      IORING_FEAT_CQE_SKIP;
    errno = EOPNOTSUPP;
    if ((params.features & needed) == needed) {
        *step = "mmap";
        if (map_rings(ring, &params) == 0 && map_buffers(ring, buffers, buffer_size, step) == 0) return ring;
    }
    *error = errno;
    cl_ring_close(ring);
    return NULL;
}

void cl_ring_close(struct cl_ring *ring) {
    // First the ring, then the memory that it may write to.
    close(ring->fd);
    if (ring->rings) munmap(ring->rings, ring->rings_size);
    if (ring->sqe_map) munmap(ring->sqe_map, ring->sqes_size);
    if (ring->buffers) munmap(ring->buffers, ring->buffers_size);
    if (ring->memory) munmap(ring->memory, ring->memory_size);
    free(ring);
}

static unsigned waiting(const struct cl_ring *ring) {
    return ring->tail - __atomic_load_n(ring->sq_head, __ATOMIC_ACQUIRE);
}

int cl_ring_make_room(struct cl_ring *ring, unsigned count) {
    if (ring->sq_entries - waiting(ring) >= count) return 1;
    __atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
    syscall(SYS_io_uring_enter, ring->fd, waiting(ring), 0, 0, NULL, 0);
    return ring->sq_entries - waiting(ring) >= count;
}

int cl_ring_enter(struct cl_ring *ring, int64_t nanoseconds) {
    __atomic_store_n(ring->sq_tail, ring->tail, __ATOMIC_RELEASE);
    unsigned wait = nanoseconds > 0;
    struct __kernel_timespec time = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    struct io_uring_getevents_arg argument = {.ts = (uintptr_t)&time};
    unsigned flags = IORING_ENTER_GETEVENTS | (wait ? IORING_ENTER_EXT_ARG : 0);
    long result = syscall(SYS_io_uring_enter, ring->fd, waiting(ring), wait, flags, wait ? &argument : NULL,
                          wait ? sizeof argument : 0);
    // EBUSY: completions have to be taken first. EAGAIN: no memory for submissions now. Both are tried again.
    if (result >= 0 || errno == ETIME || errno == EINTR || errno == EBUSY || errno == EAGAIN) return 0;
    return -errno;
}

int cl_ring_next(struct cl_ring *ring, struct cl_completion *out) {
    unsigned head = *ring->cq_head;
    if (head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE)) return 0;
    const struct io_uring_cqe *cqe = &ring->cqes[head & ring->cq_mask];
    *out = (struct cl_completion){.data = cqe->user_data, .result = cqe->res, .flags = cqe->flags};
    __atomic_store_n(ring->cq_head, head + 1, __ATOMIC_RELEASE);
    return 1;
}

static struct io_uring_sqe *submission(struct cl_ring *ring, unsigned operation, int fd, uint64_t data) {
    struct io_uring_sqe *sqe = &ring->sqes[ring->tail & ring->sq_mask];
    ring->tail++;
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = (uint8_t)operation;
    sqe->fd = fd;
    sqe->user_data = data;
    return sqe;
}

void cl_ring_receive(struct cl_ring *ring, int fd, int poll_first, uint64_t data) {
    struct io_uring_sqe *sqe = submission(ring, IORING_OP_RECV, fd, data);
    sqe->flags = IOSQE_BUFFER_SELECT;
    sqe->ioprio = IORING_RECV_MULTISHOT | (poll_first ? IORING_RECVSEND_POLL_FIRST : 0);
}

void cl_ring_send(struct cl_ring *ring, int fd, const void *bytes, size_t count, int poll_first, uint64_t data) {
    struct io_uring_sqe *sqe = submission(ring, IORING_OP_SEND, fd, data);
    sqe->addr = (uintptr_t)bytes;
    sqe->len = (uint32_t)count;
    sqe->msg_flags = MSG_NOSIGNAL;
    sqe->ioprio = poll_first ? IORING_RECVSEND_POLL_FIRST : 0;
}

void cl_ring_accept(struct cl_ring *ring, int fd, uint64_t data) {
    struct io_uring_sqe *sqe = submission(ring, IORING_OP_ACCEPT, fd, data);
    sqe->ioprio = IORING_ACCEPT_MULTISHOT;
    sqe->accept_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
}

void cl_ring_poll(struct cl_ring *ring, int fd, uint32_t events, int every_time, uint64_t data) {
    struct io_uring_sqe *sqe = submission(ring, IORING_OP_POLL_ADD, fd, data);
    // The kernel takes the halves in its own order where the machine is big-endian; ours are not.
    sqe->poll32_events = events;
    sqe->len = every_time ? IORING_POLL_ADD_MULTI : 0;
}

void cl_ring_cancel(struct cl_ring *ring, uint64_t data) {
    struct io_uring_sqe *sqe = submission(ring, IORING_OP_ASYNC_CANCEL, -1, 0);
    sqe->addr = data;
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
}

void cl_ring_cancel_and_close(struct cl_ring *ring, int fd) {
    struct io_uring_sqe *sqe = submission(ring, IORING_OP_ASYNC_CANCEL, fd, 0);
    sqe->cancel_flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
    sqe = submission(ring, IORING_OP_CLOSE, fd, 0);
    sqe->flags = IOSQE_CQE_SKIP_SUCCESS;
}

int cl_completion_has_more(const struct cl_completion *completion) {
    return (completion->flags & IORING_CQE_F_MORE) != 0;
}

const void *cl_ring_bytes(const struct cl_ring *ring, const struct cl_completion *completion) {
    if (!(completion->flags & IORING_CQE_F_BUFFER)) return NULL;
    return ring->memory + (size_t)(completion->flags >> IORING_CQE_BUFFER_SHIFT) * ring->buffer_size;
}

void cl_ring_give_back(struct cl_ring *ring, const struct cl_completion *completion) {
    if (completion->flags & IORING_CQE_F_BUFFER) provide(ring, completion->flags >> IORING_CQE_BUFFER_SHIFT);
}

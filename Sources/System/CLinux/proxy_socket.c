#include "proxy_socket.h"
#include <poll.h>
#include <sched.h>
#include <stdio.h>

static uint64_t load64(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value = value << 8 | bytes[i];
    return value;
}

static void store64(uint64_t value, uint8_t *bytes) {
    for (int i = 7; i >= 0; i--, value >>= 8) bytes[i] = (uint8_t)value;
}

static void from_storage(const struct sockaddr_storage *in, struct cl_peer *out) {
    memset(out, 0, sizeof *out);
    if (in->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)in;
        out->low = ntohl(v4->sin_addr.s_addr);
        out->port = ntohs(v4->sin_port);
    } else if (in->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)in;
        out->port = ntohs(v6->sin6_port);
        out->high = load64(v6->sin6_addr.s6_addr);
        out->low = load64(v6->sin6_addr.s6_addr + 8);
        // An IPv4 client of a socket that takes both.
        if (out->high == 0 && out->low >> 32 == 0xffff) {
            out->low &= 0xffffffff;
        } else {
            out->is_v6 = 1;
        }
    }
}

static socklen_t to_storage(const struct cl_peer *in, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    if (!in->is_v6) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(in->port);
        v4->sin_addr.s_addr = htonl((uint32_t)in->low);
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(in->port);
    store64(in->high, v6->sin6_addr.s6_addr);
    store64(in->low, v6->sin6_addr.s6_addr + 8);
    return sizeof *v6;
}

static int failed(int fd) {
    int code = errno;
    close(fd);
    return -code;
}

int cl_accept_peer(int listener, struct cl_peer *peer) {
    struct sockaddr_storage where;
    socklen_t size = sizeof where;
    int fd = accept4(listener, (struct sockaddr *)&where, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return -errno;
    cl_heal_accepted(fd);
    from_storage(&where, peer);
    return fd;
}

int cl_socket_address(int fd, int of_peer, struct cl_peer *out) {
    struct sockaddr_storage where;
    socklen_t size = sizeof where;
    int result = of_peer ? getpeername(fd, (struct sockaddr *)&where, &size)
                         : getsockname(fd, (struct sockaddr *)&where, &size);
    if (result < 0) return -errno;
    from_storage(&where, out);
    return 0;
}

int cl_listen_peer(const struct cl_peer *address, int v6only, int backlog) {
    struct sockaddr_storage where;
    socklen_t size = to_storage(address, &where);
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    cl_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    cl_setsockopt_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
    cl_setsockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (address->is_v6) cl_setsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, v6only);
    if (bind(fd, (struct sockaddr *)&where, size) < 0 || listen(fd, backlog) < 0) return failed(fd);
    return fd;
}

int cl_connect_peer(const struct cl_peer *address, int *done) {
    struct sockaddr_storage where;
    socklen_t size = to_storage(address, &where);
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    cl_setsockopt_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    *done = connect(fd, (struct sockaddr *)&where, size) == 0;
    if (!*done && errno != EINPROGRESS) return failed(fd);
    return fd;
}

uint64_t cl_raise_descriptor_limit(uint64_t wanted) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
    if (limit.rlim_cur >= wanted) return limit.rlim_cur;
    struct rlimit raised = limit;
    raised.rlim_cur = wanted;
    if (raised.rlim_max < wanted) raised.rlim_max = wanted;
    if (setrlimit(RLIMIT_NOFILE, &raised) < 0) {
        // Only root may raise the hard limit.
        raised.rlim_max = limit.rlim_max;
        raised.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &raised) < 0) return limit.rlim_cur;
    }
    return raised.rlim_cur;
}

uint64_t cl_processor_time_ns(void) {
    struct rusage use;
    if (getrusage(RUSAGE_SELF, &use) < 0) return 0;
    uint64_t seconds = (uint64_t)use.ru_utime.tv_sec + (uint64_t)use.ru_stime.tv_sec;
    uint64_t micros = (uint64_t)use.ru_utime.tv_usec + (uint64_t)use.ru_stime.tv_usec;
    return seconds * 1000000000u + micros * 1000u;
}

uint64_t cl_resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file) return 0;
    unsigned long total = 0, resident = 0;
    int count = fscanf(file, "%lu %lu", &total, &resident);
    fclose(file);
    return count == 2 ? (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

int cl_processor_count(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return 1;
}

int cl_poll_readable(int fd, int milliseconds) {
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, milliseconds) > 0 ? 1 : 0;
}

const char *cl_environment(int index) { return environ ? environ[index] : NULL; }

#include "clinux.h"

static socklen_t parse(const char *text, uint16_t port, struct sockaddr_storage *out) {
    memset(out, 0, sizeof *out);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return sizeof *v6;
    }
    return 0;
}

static int failed(int fd) {
    int code = errno;
    close(fd);
    return -code;
}

int cl_accept4(int fd) { return accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int cl_listen_tcp(const char *address, uint16_t port, int reuseport, int freebind, int backlog) {
    struct sockaddr_storage where;
    socklen_t size = parse(address, port, &where);
    if (size == 0) return -EINVAL;
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    cl_setsockopt_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (reuseport) cl_setsockopt_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (freebind) cl_setsockopt_int(fd, IPPROTO_IP, IP_FREEBIND, 1);
    if (where.ss_family == AF_INET6) cl_setsockopt_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (bind(fd, (struct sockaddr *)&where, size) < 0 || listen(fd, backlog) < 0) return failed(fd);
    return fd;
}

int cl_connect_tcp(const char *address, uint16_t port, const char *device) {
    struct sockaddr_storage where;
    socklen_t size = parse(address, port, &where);
    if (size == 0) return -EINVAL;
    int fd = socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (device && *device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device)) < 0)
        return failed(fd);
    if (connect(fd, (struct sockaddr *)&where, size) < 0 && errno != EINPROGRESS) return failed(fd);
    return fd;
}

static socklen_t unix_address(const char *path, struct sockaddr_un *out) {
    size_t count = strlen(path);
    memset(out, 0, sizeof *out);
    if (count == 0 || count >= sizeof out->sun_path) return 0;
    out->sun_family = AF_UNIX;
    memcpy(out->sun_path, path, count);
    if (path[0] == '@') {
        out->sun_path[0] = 0;
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count);
    }
    return sizeof *out;
}

int cl_listen_unix(const char *path, mode_t mode, int backlog) {
    struct sockaddr_un where;
    socklen_t size = unix_address(path, &where);
    if (size == 0) return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    unlink(path);
    if (bind(fd, (struct sockaddr *)&where, size) < 0 || chmod(path, mode) < 0 || listen(fd, backlog) < 0)
        return failed(fd);
    return fd;
}

int cl_connect_unix(const char *path) {
    struct sockaddr_un where;
    socklen_t size = unix_address(path, &where);
    if (size == 0) return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    if (connect(fd, (struct sockaddr *)&where, size) < 0 && errno != EINPROGRESS) return failed(fd);
    return fd;
}

int cl_send_unix_datagram(const char *path, const void *bytes, size_t count) {
    struct sockaddr_un where;
    socklen_t size = unix_address(path, &where);
    if (size == 0) return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    ssize_t sent = sendto(fd, bytes, count, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&where, size);
    if (sent < 0) return failed(fd);
    close(fd);
    return 0;
}

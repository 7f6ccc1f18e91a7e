#include "rawsocket.h"

#include <linux/filter.h>
#include <linux/if_packet.h>

static int failed(int fd) {
    int code = errno;
    close(fd);
    return -code;
}

// qemu's user emulation and old kernels lack some options that we can do without.
static void wish(int fd, int option, const void *value, socklen_t size, int *missing) {
    if (setsockopt(fd, IPPROTO_IP, option, value, size) < 0) (*missing)++;
}

int cl_multicast_receiver(const char *interface, uint32_t index, uint8_t protocol, uint32_t group, int *missing) {
    int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0) return failed(fd);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(group)};
    if (bind(fd, (struct sockaddr *)&where, sizeof where) < 0) return failed(fd);
    struct ip_mreqn membership = {.imr_multiaddr.s_addr = htonl(group), .imr_ifindex = (int)index};
    if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &membership, sizeof membership) < 0) return failed(fd);
    int off = 0;
    wish(fd, IP_MULTICAST_ALL, &off, sizeof off, missing);
    return fd;
}

int cl_packet_sender(const char *interface, uint32_t index, uint8_t protocol, int *missing) {
    int fd = socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) return -errno;
    // A raw socket gets every packet of its protocol: refuse all, so that none ever queues.
    struct sock_filter nothing = {.code = BPF_RET | BPF_K, .k = 0};
    struct sock_fprog filter = {.len = 1, .filter = &nothing};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0) (*missing)++;
    cl_setsockopt_int(fd, SOL_SOCKET, SO_RCVBUF, 0);
    if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0) return failed(fd);
    if (cl_setsockopt_int(fd, IPPROTO_IP, IP_HDRINCL, 1) < 0) return failed(fd);
    int off = 0;
    if (setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &off, sizeof off) < 0) return failed(fd);
    struct ip_mreqn on = {.imr_ifindex = (int)index};
    wish(fd, IP_MULTICAST_IF, &on, sizeof on, missing);
    return fd;
}

int cl_send_packet(int fd, uint32_t destination, const void *bytes, size_t count) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(destination)};
    return sendto(fd, bytes, count, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) < 0 ? -errno : 0;
}

int cl_frame_sender(void) {
    // Protocol 0: it is never given a frame.
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int cl_send_frame(int fd, uint32_t index, const void *bytes, size_t count) {
    struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)index, .sll_halen = 6};
    memcpy(to.sll_addr, bytes, 6);
    return sendto(fd, bytes, count, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) < 0 ? -errno : 0;
}

#include "netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

// How long the kernel may take to answer; it answers in the same system call but for a full queue.
static const struct timeval answer_timeout = {.tv_sec = 1};

int cl_netlink_open(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &answer_timeout, sizeof answer_timeout);
    return fd;
}

int cl_netlink_monitor(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) return -errno;
    struct sockaddr_nl where = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR};
    if (bind(fd, (struct sockaddr *)&where, sizeof where) < 0) {
        int code = errno;
        close(fd);
        return -code;
    }
    return fd;
}

int cl_netlink_drain(int monitor) {
    char bytes[8192];
    int any = 0;
    for (int i = 0; i < 1024; i++) {
        ssize_t count = recv(monitor, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count >= 0 || errno == ENOBUFS) {
            any = 1;
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return any;
}

struct request {
    struct nlmsghdr header;
    struct ifaddrmsg message;
    char attributes[128];
};

static void attribute(struct request *request, unsigned short type, const void *value, size_t count) {
    struct rtattr *at = (struct rtattr *)((char *)request + NLMSG_ALIGN(request->header.nlmsg_len));
    at->rta_type = type;
    at->rta_len = (unsigned short)RTA_LENGTH(count);
    memcpy(RTA_DATA(at), value, count);
    request->header.nlmsg_len = NLMSG_ALIGN(request->header.nlmsg_len) + (uint32_t)RTA_LENGTH(count);
}

static uint32_t next_sequence(void) {
    static uint32_t sequence;
    return __atomic_add_fetch(&sequence, 1, __ATOMIC_RELAXED);
}

static int send_request(int netlink, struct request *request) {
    request->header.nlmsg_seq = next_sequence();
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent = sendto(netlink, request, request->header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof kernel);
    return sent < 0 ? -errno : 0;
}

static int acknowledged(int netlink, struct request *request) {
    int result = send_request(netlink, request);
    if (result < 0) return result;
    union {
        struct nlmsghdr header;
        char bytes[4096];
    } answer;
    for (int i = 0; i < 64; i++) {
        ssize_t count = recv(netlink, &answer, sizeof answer, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
        // An answer to an earlier request that timed out is stepped over.
        if ((size_t)count < NLMSG_LENGTH(sizeof(struct nlmsgerr)) || answer.header.nlmsg_type != NLMSG_ERROR ||
            answer.header.nlmsg_seq != request->header.nlmsg_seq)
            continue;
        return ((struct nlmsgerr *)NLMSG_DATA(&answer.header))->error;
    }
    return -EPROTO;
}

static struct request address_request(uint16_t type, uint16_t flags, uint32_t index, uint32_t address, uint8_t prefix) {
    struct request request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.message);
    request.header.nlmsg_type = type;
    request.header.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    request.message.ifa_family = AF_INET;
    request.message.ifa_prefixlen = prefix;
    request.message.ifa_scope = RT_SCOPE_UNIVERSE;
    request.message.ifa_index = index;
    uint32_t wire = htonl(address);
    attribute(&request, IFA_LOCAL, &wire, sizeof wire);
    attribute(&request, IFA_ADDRESS, &wire, sizeof wire);
    return request;
}

int cl_address_add(int netlink, uint32_t index, uint32_t address, uint8_t prefix, uint32_t lifetime, int no_route) {
    struct request request = address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, index, address, prefix);
    uint32_t flags = no_route ? IFA_F_NOPREFIXROUTE : 0;
    attribute(&request, IFA_FLAGS, &flags, sizeof flags);
    uint32_t seconds = lifetime ? lifetime : UINT32_MAX;
    struct ifa_cacheinfo cache = {.ifa_prefered = seconds, .ifa_valid = seconds};
    attribute(&request, IFA_CACHEINFO, &cache, sizeof cache);
    return acknowledged(netlink, &request);
}

int cl_address_delete(int netlink, uint32_t index, uint32_t address, uint8_t prefix) {
    struct request request = address_request(RTM_DELADDR, 0, index, address, prefix);
    return acknowledged(netlink, &request);
}

static int read_address(struct nlmsghdr *header, struct cl_address *out) {
    if (header->nlmsg_type != RTM_NEWADDR || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifaddrmsg))) return 0;
    struct ifaddrmsg *message = NLMSG_DATA(header);
    if (message->ifa_family != AF_INET) return 0;
    memset(out, 0, sizeof *out);
    out->index = message->ifa_index;
    out->prefix = message->ifa_prefixlen;
    out->flags = message->ifa_flags;
    int found = 0;
    int left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof *message));
    for (struct rtattr *at = IFA_RTA(message); RTA_OK(at, left); at = RTA_NEXT(at, left)) {
        uint32_t value;
        if (RTA_PAYLOAD(at) < sizeof value) continue;
        memcpy(&value, RTA_DATA(at), sizeof value);
        if (at->rta_type == IFA_LOCAL) {
            out->address = ntohl(value);
            found = 1;
        } else if (at->rta_type == IFA_FLAGS) {
            out->flags = value;
        }
    }
    return found;
}

int cl_address_list(int netlink, struct cl_address *out, int capacity) {
    struct request request;
    memset(&request, 0, sizeof request);
    request.header.nlmsg_len = NLMSG_LENGTH(sizeof request.message);
    request.header.nlmsg_type = RTM_GETADDR;
    request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request.message.ifa_family = AF_INET;
    int result = send_request(netlink, &request);
    if (result < 0) return result;
    int found = 0;
    union {
        struct nlmsghdr header;
        char bytes[32768];
    } answer;
    while (1) {
        ssize_t count = recv(netlink, &answer, sizeof answer, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno == EAGAIN ? -ETIMEDOUT : -errno;
        size_t left = (size_t)count;
        for (struct nlmsghdr *at = &answer.header; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
            if (at->nlmsg_seq != request.header.nlmsg_seq) continue;
            if (at->nlmsg_type == NLMSG_DONE) return found;
            if (at->nlmsg_type == NLMSG_ERROR) {
                int code = ((struct nlmsgerr *)NLMSG_DATA(at))->error;
                return code < 0 ? code : -EPROTO;
            }
            if (found < capacity && read_address(at, &out[found])) found++;
        }
    }
}

int cl_link_get(const char *name, struct cl_link *out) {
    memset(out, 0, sizeof *out);
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) return -ENODEV;
    memcpy(request.ifr_name, name, strlen(name));
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    int result = 0;
    if (ioctl(fd, SIOCGIFINDEX, &request) < 0) goto failed;
    out->index = (uint32_t)request.ifr_ifindex;
    if (ioctl(fd, SIOCGIFFLAGS, &request) < 0) goto failed;
    out->running = (request.ifr_flags & IFF_UP) && (request.ifr_flags & IFF_RUNNING);
    out->loopback = (request.ifr_flags & IFF_LOOPBACK) != 0;
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0) goto failed;
    out->ethernet = request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
    memcpy(out->mac, request.ifr_hwaddr.sa_data, sizeof out->mac);
    close(fd);
    return 0;
failed:
    result = -errno;
    close(fd);
    return result;
}

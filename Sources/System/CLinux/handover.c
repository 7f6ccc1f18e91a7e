#include "handover.h"

#include <poll.h>
#include <string.h>

union control {
    char bytes[CMSG_SPACE(sizeof(int) * CL_MAXIMUM_DESCRIPTORS)];
    struct cmsghdr header;
};

int cl_send_descriptors(int socket, const void *bytes, size_t count, const int *descriptors, int descriptor_count) {
    if (descriptor_count < 0 || descriptor_count > CL_MAXIMUM_DESCRIPTORS) return -EINVAL;
    union control control;
    memset(&control, 0, sizeof control);
    struct iovec data = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
    if (descriptor_count > 0) {
        size_t size = sizeof(int) * (size_t)descriptor_count;
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(size);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(header), descriptors, size);
    }
    ssize_t sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return -errno;
    return (size_t)sent == count ? 0 : -EMSGSIZE;
}

ssize_t cl_receive_descriptors(int socket, void *bytes, size_t count, int *descriptors, int *descriptor_count,
                               int milliseconds) {
    struct pollfd wait = {.fd = socket, .events = POLLIN};
    int ready = poll(&wait, 1, milliseconds);
    if (ready < 0) return -errno;
    if (ready == 0) return -ETIMEDOUT;
    union control control;
    struct iovec data = {.iov_base = bytes, .iov_len = count};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    int room = *descriptor_count, came = 0;
    *descriptor_count = 0;
    if (received < 0) return -errno;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int number = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int i = 0; i < number; i++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + sizeof(int) * (size_t)i, sizeof descriptor);
            if (came < room) descriptors[came++] = descriptor;
            else close(descriptor);
        }
    }
    *descriptor_count = came;
    return received;
}

int cl_peer_is_own(int socket) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return 0;
    return peer.uid == geteuid() || peer.uid == 0;
}

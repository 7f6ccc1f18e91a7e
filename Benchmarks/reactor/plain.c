// The same forwarder in the plainest C that does the job with epoll: plain LISTEN-PORT SERVER-PORT. Edge-triggered,
// one receive and one send a message. It gives up where a send finds no room: it is a yardstick, no program.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in local(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static int other[65536];

static void watch(int epoll, int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void pass_on(int fd) {
    static char buffer[65536];
    for (;;) {
        ssize_t got = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) return;
        if (got <= 0) break;
        if (send(other[fd], buffer, (size_t)got, MSG_NOSIGNAL | MSG_DONTWAIT) != got) break;
        if (got < (ssize_t)sizeof buffer) return;
    }
    if (other[fd] < 0) return;
    close(other[fd]);
    close(fd);
    other[other[fd]] = -1;
    other[fd] = -1;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    struct sockaddr_in here = local(atoi(argv[1])), there = local(atoi(argv[2]));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 4096) < 0) return 1;
    int epoll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd != listener) {
                if (other[events[i].data.fd] > 0) pass_on(events[i].data.fd);
                continue;
            }
            int client = accept(listener, NULL, NULL);
            if (client < 0) continue;
            int server = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(server, (struct sockaddr *)&there, sizeof there) < 0) return 1;
            other[client] = server;
            other[server] = client;
            watch(epoll, client);
            watch(epoll, server);
        }
    }
}

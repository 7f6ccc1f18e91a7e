// Clients that ask and wait for the answer, and the server that answers, in one process with two threads:
//   load FORWARDER-PORT SERVER-PORT CONNECTIONS BYTES SECONDS
// Prints the number of exchanges. Any error or a byte that is not the one expected ends it with status 1.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { LARGEST = 1 << 20 };

static int size, listener;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct sockaddr_in local(int port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
}

static void no_delay(int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0) fail("epoll_ctl");
}

static void send_all(int fd, const char *bytes, int count) {
    while (count > 0) {
        ssize_t sent = send(fd, bytes, (size_t)count, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) fail("send");
        if (sent > 0) bytes += sent, count -= (int)sent;
    }
}

// Sends back what comes.
static void *serve(void *unused) {
    static char buffer[LARGEST];
    int epoll = epoll_create1(0);
    watch(epoll, listener);
    struct epoll_event events[64];
    for (;;) {
        int count = epoll_wait(epoll, events, 64, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int client = accept(listener, NULL, NULL);
                if (client < 0) fail("accept");
                no_delay(client);
                watch(epoll, client);
                continue;
            }
            ssize_t got = recv(fd, buffer, sizeof buffer, 0);
            if (got <= 0) close(fd);
            else send_all(fd, buffer, (int)got);
        }
    }
    return unused;
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv) {
    static char message[LARGEST], buffer[LARGEST];
    static int missing[65536];
    if (argc != 6) return 2;
    int connections = atoi(argv[3]);
    size = atoi(argv[4]);
    if (size < 1 || size > LARGEST || connections < 1 || connections > 10000) return 2;
    for (int i = 0; i < size; i++) message[i] = (char)(i * 7);
    struct sockaddr_in here = local(atoi(argv[2])), there = local(atoi(argv[1]));
    listener = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 4096) < 0) fail("listen");
    pthread_t thread;
    pthread_create(&thread, NULL, serve, NULL);
    int epoll = epoll_create1(0);
    for (int i = 0; i < connections; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&there, sizeof there) < 0) fail("connect");
        no_delay(fd);
        watch(epoll, fd);
        missing[fd] = size;
        send_all(fd, message, size);
    }
    uint64_t end = now_ns() + (uint64_t)atoi(argv[5]) * 1000000000u, exchanges = 0;
    struct epoll_event events[64];
    while (now_ns() < end) {
        int count = epoll_wait(epoll, events, 64, 10000);
        if (count == 0) errno = ETIMEDOUT, fail("no answer in ten seconds");
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            ssize_t got = recv(fd, buffer, (size_t)missing[fd], 0);
            if (got <= 0) fail("receive");
            if (memcmp(buffer, message + size - missing[fd], (size_t)got) != 0) errno = EBADMSG, fail("answer");
            missing[fd] -= (int)got;
            if (missing[fd] > 0) continue;
            exchanges++;
            missing[fd] = size;
            send_all(fd, message, size);
        }
    }
    printf("%llu\n", (unsigned long long)exchanges);
    return 0;
}

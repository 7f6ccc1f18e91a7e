// The server behind both proxies: HTTP/1.1 with keep-alive, one thread, epoll. It answers every request with a body
// of as many bytes as the path says (/200, /10240) and does nothing else, so that the proxies are what is measured.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGEST_BODY = 64 * 1024, LARGEST_REQUEST = 8 * 1024, EVENTS = 256 };

struct connection {
    int fd;
    size_t received;
    char request[LARGEST_REQUEST + 1];
};

static char answer[LARGEST_BODY + 256];

static void drop(struct connection *c) {
    close(c->fd);
    free(c);
}

// An answer is at most 64 KiB and there is one at a time: it fits into an empty socket buffer.
static int respond(struct connection *c) {
    long size = strncmp(c->request, "GET /", 5) == 0 ? strtol(c->request + 5, NULL, 10) : -1;
    if (size < 0 || size > LARGEST_BODY) return -1;
    int closes = strcasestr(c->request, "\r\nconnection: close") != NULL;
    int head = sprintf(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %ld\r\n%s\r\n", size,
                       closes ? "Connection: close\r\n" : "");
    memset(answer + head, 'x', (size_t)size);
    size_t total = (size_t)head + (size_t)size;
    if (send(c->fd, answer, total, MSG_NOSIGNAL) != (ssize_t)total) return -1;
    return closes ? -1 : 0;
}

static int serve(struct connection *c) {
    ssize_t count = recv(c->fd, c->request + c->received, LARGEST_REQUEST - c->received, 0);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count <= 0) return -1;
    c->received += (size_t)count;
    c->request[c->received] = 0;
    char *end;
    while ((end = strstr(c->request, "\r\n\r\n")) != NULL) {
        if (respond(c) < 0) return -1;
        size_t used = (size_t)(end + 4 - c->request);
        memmove(c->request, end + 4, c->received - used + 1);
        c->received -= used;
    }
    return c->received == LARGEST_REQUEST ? -1 : 0;
}

int main(int argc, char **argv) {
    if (argc != 2) return fprintf(stderr, "usage: origin PORT\n"), 2;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&where, sizeof where) < 0 || listen(listener, 4096) < 0)
        return perror("origin: listen"), 1;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (c) {
                if (serve(c) < 0) drop(c);
                continue;
            }
            int fd;
            while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                if (!(c = calloc(1, sizeof *c))) return perror("origin"), 1;
                c->fd = fd;
                event = (struct epoll_event){.events = EPOLLIN, .data.ptr = c};
                epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
            }
        }
    }
}

#include "proxy_socket.h"
#include <linux/filter.h>
#include <stdio.h>

int cl_drop_new_connections(int fd, int drop) {
    if (!drop) {
        int none = 0;
        if (setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &none, sizeof none) == 0 || errno == ENOENT) return 0;
        return -errno;
    }
    // What a TCP socket's filter sees begins with the TCP header; its flags are byte 13 (RFC 9293 section 3.1). Only a
    // SYN without ACK is dropped: the ACK that ends a handshake, and the request behind it, pass the listening socket's
    // filter too, and accepted sockets inherit it.
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x12),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog program = {.len = sizeof steps / sizeof steps[0], .filter = steps};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0 ? 0 : -errno;
}

// States of include/net/tcp_states.h in which something may still be on its way to a client.
static int is_under_way(unsigned state) {
    enum { ESTABLISHED = 1, SYN_RECV = 3, FIN_WAIT1 = 4, CLOSE_WAIT = 8, LAST_ACK = 9, CLOSING = 11 };
    return state == ESTABLISHED || state == SYN_RECV || state == FIN_WAIT1 || state == CLOSE_WAIT ||
           state == LAST_ACK || state == CLOSING;
}

static int listens(const struct cl_peer *peer, int is_v6, const uint32_t *words, unsigned port) {
    if (peer->is_v6 != is_v6 || peer->port != port) return 0;
    if (peer->low == 0 && peer->high == 0) return 1;
    if (!is_v6) return htonl((uint32_t)peer->low) == words[0];
    return htonl((uint32_t)(peer->high >> 32)) == words[0] && htonl((uint32_t)peer->high) == words[1] &&
           htonl((uint32_t)(peer->low >> 32)) == words[2] && htonl((uint32_t)peer->low) == words[3];
}

static int count_in(const char *path, int is_v6, const struct cl_peer *listeners, int count) {
    FILE *file = fopen(path, "re");
    // Without IPv6 there is no tcp6.
    if (!file) return is_v6 && errno == ENOENT ? 0 : -errno;
    char line[512];
    int found = 0;
    while (fgets(line, sizeof line, file)) {
        uint32_t words[4] = {0};
        unsigned port, state;
        int read = is_v6 ? sscanf(line, "%*d: %8x%8x%8x%8x:%x %*32[0-9A-Fa-f]:%*x %x", &words[0], &words[1], &words[2],
                                  &words[3], &port, &state) == 6
                         : sscanf(line, "%*d: %8x:%x %*8x:%*x %x", &words[0], &port, &state) == 3;
        if (!read || !is_under_way(state)) continue;
        for (int i = 0; i < count; i++) {
            if (!listens(&listeners[i], is_v6, words, port)) continue;
            found++;
            break;
        }
    }
    fclose(file);
    return found;
}

int cl_count_connections(const struct cl_peer *listeners, int count) {
    int v4 = count_in("/proc/net/tcp", 0, listeners, count);
    if (v4 < 0) return v4;
    int v6 = count_in("/proc/net/tcp6", 1, listeners, count);
    return v6 < 0 ? v6 : v4 + v6;
}

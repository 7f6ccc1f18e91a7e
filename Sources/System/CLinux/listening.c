#include "proxy_socket.h"
#include <stdatomic.h>
#include <stdio.h>

// <linux/in.h> and <linux/in6.h>, which the C library's headers do not go with.
#ifndef IP_MINTTL
#define IP_MINTTL 21
#endif
#ifndef IPV6_MINHOPCOUNT
#define IPV6_MINHOPCOUNT 73
#endif

// Whether a listening socket of this process has ever dropped: what it accepts may have to be healed.
static atomic_int has_dropped;

// Packets that have come over fewer than this many routers' TTL are dropped before the kernel looks at what they want,
// without a word (RFC 5082). Sets it for both families where the socket takes both. Returns 0 or -errno.
static int set_least_ttl(int fd, int ttl) {
    if (setsockopt(fd, IPPROTO_IP, IP_MINTTL, &ttl, sizeof ttl) < 0) return -errno;
    if (cl_getsockopt_int(fd, SOL_SOCKET, SO_DOMAIN) != AF_INET6) return 0;
    return setsockopt(fd, IPPROTO_IPV6, IPV6_MINHOPCOUNT, &ttl, sizeof ttl) < 0 ? -errno : 0;
}

// No socket filter: since Linux commit 5d39580f68e6 (2026, and in stable kernels) a TCP socket's needs CAP_NET_ADMIN, which
// a process that talks to all the world shall not have. Every client's TTL is below 255, but for the few systems that
// begin with 255 in the same network. The ACK that ends a handshake goes by the request, not by the listening socket, and
// passes.
int cl_drop_new_connections(int fd, int drop) {
    // Its queue may hold what came while an earlier process let it drop.
    if (drop || cl_getsockopt_int(fd, IPPROTO_IP, IP_MINTTL) > 0) atomic_store(&has_dropped, 1);
    return set_least_ttl(fd, drop ? 255 : 0);
}

void cl_heal_accepted(int fd) {
    if (atomic_load_explicit(&has_dropped, memory_order_relaxed)) set_least_ttl(fd, 0);
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

#include "proxy_socket.h"
#include <stdatomic.h>

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

#pragma once
// IPv4 addresses and links by rtnetlink(7). Addresses are numbers in host order, first byte most significant.
#include "clinux.h"

/// One IPv4 address of one interface.
struct cl_address {
    uint32_t index;
    uint32_t address;
    uint32_t flags;  // IFA_F_*
    uint8_t prefix;
};

/// What an interface is now.
struct cl_link {
    uint32_t index;
    int running;  // IFF_UP and IFF_RUNNING: administratively up, with carrier
    int loopback;
    int ethernet;
    uint8_t mac[6];
};

/// A socket for the requests below. Returns the descriptor or -errno.
int cl_netlink_open(void);

/// A non-blocking socket that becomes readable when a link or an IPv4 address changes; -errno on failure.
int cl_netlink_monitor(void);

/// Reads away what is there. Returns 1 if there was anything (or the queue overflowed), 0 if not, -errno.
int cl_netlink_drain(int monitor);

/// Adds or refreshes an address that the kernel removes by itself after `lifetime` seconds
/// (0: never); without the route to its network if `no_route`. Returns 0 or -errno.
int cl_address_add(int netlink, uint32_t index, uint32_t address, uint8_t prefix, uint32_t lifetime, int no_route);

/// Removes an address. Returns 0 or -errno (-EADDRNOTAVAIL: it is not there).
int cl_address_delete(int netlink, uint32_t index, uint32_t address, uint8_t prefix);

/// All IPv4 addresses of this network namespace, at most `capacity`. Returns their number or -errno.
int cl_address_list(int netlink, struct cl_address *out, int capacity);

/// An interface by name. Returns 0 or -errno (-ENODEV: there is none).
int cl_link_get(const char *name, struct cl_link *out);

#pragma once
// Raw IPv4 and packet sockets for protocols of one link, as VRRP is one.
#include "clinux.h"

/// A socket that hears one IP protocol's packets to one multicast group on one interface, and nothing else.
/// Returns the descriptor or -errno; `*missing` counts wishes that this kernel did not grant.
int cl_multicast_receiver(const char *interface, uint32_t index, uint8_t protocol, uint32_t group, int *missing);

/// A socket that sends whole IPv4 packets (IP_HDRINCL) on one interface and receives none.
/// Returns the descriptor or -errno; `*missing` counts wishes that this kernel did not grant.
int cl_packet_sender(const char *interface, uint32_t index, uint8_t protocol, int *missing);

/// Sends a whole IPv4 packet. Returns 0 or -errno.
int cl_send_packet(int fd, uint32_t destination, const void *bytes, size_t count);

/// A socket that sends whole Ethernet frames and receives none. Returns the descriptor or -errno.
int cl_frame_sender(void);

/// Sends a whole Ethernet frame on an interface. Returns 0 or -errno.
int cl_send_frame(int fd, uint32_t index, const void *bytes, size_t count);

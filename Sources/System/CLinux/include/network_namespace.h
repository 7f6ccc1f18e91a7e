#pragma once
// The workstation's side of a lab in a network namespace of its own, and interfaces as this thread's namespace has
// them (/sys/class/net shows the namespace that sysfs was mounted in).
#include <stdint.h>

/// Moves this thread into the network namespace at `path` and replaces the process by itself, with the same arguments,
/// so that all its threads are in there. The new one finds in the environment, as PIDEP_OUTER_NETWORK, the descriptor of
/// the namespace that it left. Returns only on failure: -errno.
int cl_restart_in_network(const char *path);

/// Moves this thread, and no other of the process, into the network namespace at `path`. Returns 0 or -errno.
int cl_enter_network(const char *path);

/// Whether this thread's network namespace is the one at `path`: 1, 0, or -errno when there is none.
int cl_is_in_network(const char *path);

/// An interface's flags (SIOCGIFFLAGS, netdevice(7)), or -errno when there is none of that name.
int cl_interface_flags(const char *name);

/// Whether there is a bridge of that name (the driver that ethtool(8) -i shows): 1 or 0.
int cl_is_bridge(const char *name);

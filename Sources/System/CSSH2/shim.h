#pragma once
// As in CLinux: with another one, the two modules' fd_set would have different members.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <libssh2.h>

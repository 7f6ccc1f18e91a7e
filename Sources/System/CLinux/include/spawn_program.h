#pragma once
// Starts programs for `Commands` (posix_spawn(3) with glibc's extensions). Not for nodes: nothing there calls it.
#include <sys/types.h>

// Two ends of a pipe, closed on exec: ends[0] is read, ends[1] written. Returns 0 or an errno.
int cl_pipe(int ends[2]);

// Starts a program in a process group of its own, with default signals, the three descriptors as its standard
// streams (`input` < 0: /dev/null) and no other descriptor open. `folder` may be null. Returns 0 or an errno.
int cl_spawn(const char *path, char *const arguments[], char *const environment[], const char *folder, int input,
             int output, int error, pid_t *pid);

#pragma once
// Ctrl-C as a descriptor for a program that starts other programs while it waits: a blocked signal
// (signalfd) or an ignored one would be inherited by them, a handler is not.

/// SIGINT and SIGTERM make the returned eventfd readable instead of ending the process. One at a time.
/// Returns the descriptor or -errno.
int cl_interrupt_begin(void);

/// The signals do again what they did before; closes the descriptor.
void cl_interrupt_end(int fd);

/// Room for many connections: raises the limit of open files to what is allowed (setrlimit(2)). Returns it.
long cl_raise_file_limit(void);

/// The calling thread gets the processor before others, where that is allowed (setpriority(2)).
/// Returns 0 or -errno.
int cl_raise_thread_priority(void);

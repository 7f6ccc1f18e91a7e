// The proxy's core: no I/O.

// The VRRP core: no I/O.

// The deterministic simulator: virtual time, seeded faults.

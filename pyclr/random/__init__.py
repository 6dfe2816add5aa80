"""Random numbers: all from Philox, keyed by seeds that a user gives or that `seed` draws."""

"""Where weights start: initializers by name."""

"""Which entries of a jacobian can be other than 0, and which columns share a sweep."""

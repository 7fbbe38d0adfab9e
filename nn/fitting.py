"""fit: the training loop, and the history that it returns."""

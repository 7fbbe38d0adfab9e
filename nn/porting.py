"""Models to PyTorch and back, where torch is installed."""

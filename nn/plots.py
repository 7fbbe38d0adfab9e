"""Pictures of training: histories, decision boundaries, weights; needs matplotlib."""

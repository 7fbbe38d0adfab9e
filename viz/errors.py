"""What viz refuses with; read by all that draws."""


class DrawingError(ValueError):
    """A graph that cannot be drawn as asked, with the remedy."""

class EmbeddedError(Exception):
    """An embedded server cannot be started or stopped; the message is one line with the remedy."""

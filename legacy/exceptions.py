"""What the legacy side can refuse."""


class LegacyError(Exception):
    """Base of everything this app refuses; the message is one clear line for the user."""

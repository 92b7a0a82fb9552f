"""What the CRM can refuse."""


class CrmError(Exception):
    """Base of everything this app refuses; the message is one clear line for the user."""

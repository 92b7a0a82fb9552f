"""What the CRM can refuse."""


class CrmError(Exception):
    """Base of everything this app refuses; the message is one clear line for the user."""


class WriteRefused(CrmError):
    """A write the company's move does not allow now: another side leads, or could not follow."""

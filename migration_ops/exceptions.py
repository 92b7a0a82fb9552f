"""Everything an operator can be told "no" about."""


class MigrationOpsError(Exception):
    """Base of everything this app refuses; the message is one clear line for the operator."""

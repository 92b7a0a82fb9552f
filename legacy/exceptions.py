"""What the legacy side can refuse."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .selectors import Drift


class LegacyError(Exception):
    """Base of everything this app refuses; the message is one clear line for the user."""


class LegacySchemaDrift(LegacyError):
    """The table is not what the mirror says; moving rows now could lose a column.

    Attributes:
        drift: every column that differs.
    """

    def __init__(self, drift: "Sequence[Drift]") -> None:
        self.drift = tuple(drift)
        super().__init__(
            "The legacy table quotes differs from its mirror: "
            + "; ".join(str(each) for each in self.drift)
            + ". Correct the table, or teach legacy/models.py and the mapping the column."
        )


class SeedRefused(LegacyError):
    """The arguments make no sense, or these rows are there already."""


class LoadRefused(LegacyError):
    """The file cannot be loaded whole; nothing was changed."""


class WriteRefused(LegacyError):
    """A write to rows of a company that the new tables lead."""

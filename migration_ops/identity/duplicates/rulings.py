"""What people said about values: this one says nothing of who somebody is, that one does. Read by everything that
compares contacts; written by the desk (``values.py``) (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from migration_ops.identity.duplicates.addresses import fold_address
from migration_ops.identity.keys import ContactKeys

if TYPE_CHECKING:
    # They need NumPy, which a migration would load at every start for these two names.
    from migration_ops.identity.duplicates.columns import Columns
    from migration_ops.identity.duplicates.statistics import Statistics

PHONE, MAILBOX, ADDRESS, NAME = KINDS = ("phone", "mailbox", "address", "name")
_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """The rulings in force of one company, by kind: values that say nothing, and values that say something."""

    generic: Mapping[str, frozenset[str]] = field(default_factory=dict)
    ordinary: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def name(self, key: str | None) -> str | None:
        """The folded name; None where it says nothing."""
        return None if key in self.generic.get(NAME, _NONE) else key

    def is_generic(self, key: str) -> bool:
        """Whether a phone or mailbox was ruled to say nothing."""
        return key in self.generic.get(MAILBOX if "@" in key else PHONE, _NONE)

    def is_ordinary(self, key: str) -> bool:
        """Whether a phone or mailbox was ruled to be somebody's own."""
        return key in self.ordinary.get(MAILBOX if "@" in key else PHONE, _NONE)

    def addresses(self, recorded: Iterable[str]) -> tuple[str, ...]:
        """The addresses without those that say nothing."""
        aside = self.generic.get(ADDRESS, _NONE)
        return tuple(each for each in recorded if not aside or fold_address(each) not in aside)

    def keys(self, keys: ContactKeys) -> ContactKeys:
        """A contact's keys as they are compared: without what says nothing."""
        if not self.generic:
            return keys

        def kept(key: str | None) -> str | None:
            return None if key is not None and self.is_generic(key) else key

        return keys._replace(
            name_key=self.name(keys.name_key), email_key=kept(keys.email_key), phone_key=kept(keys.phone_key),
            extra_keys=tuple(key for key in keys.extra_keys if not self.is_generic(key)),
        )  # fmt: skip

    def apply(self, columns: "Columns", known: "Statistics") -> None:
        """Let the measured use of values follow what people said."""
        for kind, use, texts in (
            (PHONE, known.phones, columns.phone_texts),
            (MAILBOX, known.mailboxes, columns.mailbox_texts),
            (ADDRESS, known.addresses, columns.address_texts),
        ):
            generic, ordinary = self.generic.get(kind, _NONE), self.ordinary.get(kind, _NONE)
            if generic or ordinary:
                for code, text in enumerate(texts):
                    if text in generic or text in ordinary:
                        use.generic[code] = text in generic

    def but(self, kind: str, value: str, is_generic: bool | None) -> "Rulings":
        """The same with another word on one value; None: without any."""
        generic = dict(self.generic) | {kind: self.generic.get(kind, _NONE) - {value}}
        ordinary = dict(self.ordinary) | {kind: self.ordinary.get(kind, _NONE) - {value}}
        if is_generic is not None:
            side = generic if is_generic else ordinary
            side[kind] = side[kind] | {value}
        return Rulings(generic=generic, ordinary=ordinary)


NO_RULINGS: Final = Rulings()

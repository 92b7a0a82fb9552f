"""What is known of a whole company before any pair is compared: how common values are, who uses them, how often fields
agree by chance (pure)."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import parallel, weights
from migration_ops.identity.duplicates.columns import Columns, used
from migration_ops.identity.duplicates.usage import GENERIC_ABOVE, GENERIC_ADDRESS_ABOVE, Usage, usage

Uses = npt.NDArray[np.int64]
Rates = dict[str, dict[int, float]]

TABLES: Final[dict[str, dict[Any, weights.Level]]] = {
    "first": dict(weights.FIRST), "last": dict(weights.LAST), "company": dict(weights.COMPANY),
    "phone": dict(weights.PHONE), "mailbox": dict(weights.MAILBOX), "address": dict(weights.ADDRESS),
}  # fmt: skip
# How many contacts the table's own opinion of a name counts for, and what it says: one in two thousand.
_SMOOTHING: Final = 400
_COMMON: Final = 0.0005


@dataclass(slots=True)
class Statistics:
    """Of each code of the columns how many records use it, and for phones, mailboxes and addresses who.

    ``size``: records of the company. ``rates``: u of each level, by field.
    """

    size: int
    firsts: Uses
    lasts: Uses
    companies: Uses
    address_words: Uses
    phones: Usage
    mailboxes: Usage
    addresses: Usage
    rates: Rates

    @property
    def population(self) -> int:
        """Records the company is taken to have."""
        return max(self.size, weights.LEAST_POPULATION)

    def bits(self, uses: Uses, most: float) -> npt.NDArray[np.float32]:
        """How rare each value is, in bits: the pair at hand is not counted among those that make it common."""
        others = np.maximum(uses - 2, 0) + 1.0
        share = (others + _COMMON * _SMOOTHING) / (self.size + _SMOOTHING)
        return np.minimum(-np.log2(np.maximum(share, 1 / self.population)), most).astype(np.float32)


def measure(columns: Columns, *, processes: int = 1) -> Statistics:
    """The statistics of the records, with the table's own rates."""
    names = columns.names
    named = columns.name[columns.name >= 0]
    size = len(columns.words)
    persons, companies = named[~names.company[named]], named[names.company[named]]
    has = columns.addresses[columns.addresses >= 0]
    kinds = (
        (columns.addresses, len(columns.address_texts), GENERIC_ADDRESS_ABOVE),
        (columns.phones, len(columns.phone_texts), GENERIC_ABOVE),
        (columns.mailboxes, len(columns.mailbox_texts), GENERIC_ABOVE),
    )

    def of_kind(number: int) -> Usage:
        column, codes, generic_above = kinds[number]
        return usage(columns, column, codes, generic_above=generic_above)

    addresses, phones, mailboxes = parallel.results(of_kind, len(kinds), processes)
    words = columns.address_words[has] if len(has) else columns.address_words[:0]
    return Statistics(
        size=columns.size,
        firsts=used(names.first[persons], size),
        lasts=used(names.last[persons], size),
        companies=used(names.last[companies], size),
        address_words=used(words, len(columns.address_word_texts)),
        phones=phones,
        mailboxes=mailboxes,
        addresses=addresses,
        rates=table_rates(),
    )


def table_rates() -> Rates:
    """The table's own u."""
    return {name: {int(level): row.u for level, row in table.items()} for name, table in TABLES.items()}


def level_bits(rates: Rates, field: str, levels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """What each level is worth by m and u alone."""
    table = np.zeros(8, np.float32)
    for level, row in TABLES[field].items():
        table[level] = np.log2(row.m / rates[field][int(level)])
    return table[levels]

"""Compares pairs of records field by field: levels, and what each is worth in bits (pure)."""

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import weights
from migration_ops.identity.duplicates.columns import Codes, Columns, Ints
from migration_ops.identity.duplicates.name_pairs import NAME_BITS, NamePairs
from migration_ops.identity.duplicates.statistics import TABLES, Rates, Statistics, level_bits
from migration_ops.identity.duplicates.usage import OFFICE_ABOVE, Usage
from migration_ops.identity.duplicates.weights import Value
from migration_ops.identity.duplicates.words import AddressTable, Floats, Levels, mailbox_levels, phone_levels

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int32]

# Distances at which pairs of records are drawn.
_MOST_DRAWS: Final = 12
# Words of an address come together: a postcode tells the town.
_ADDRESS_DISCOUNT: Final = 0.45
_ADDRESS_BITS: Final = 13.0
_OFFICE_BITS: Final = 8.0
# Mailboxes made of a name: what the style says, each digit they share, and other digits.
_STYLE_BITS: Final = 2.0
_DIGIT_BITS: Final = 3.0
_OTHER_DIGITS: Final = -1.0
# Few who change the provider take all of the old name along.
_OTHER_PROVIDER: Final = -2.5


@dataclass(slots=True)
class Compared:
    """Of each pair: the levels, the weights in bits, and what the policy asks about it."""

    first: Levels
    last: Levels
    swapped: Bools
    middle: Levels
    phone: Levels
    mailbox: Levels
    address: Levels
    first_bits: Floats
    last_bits: Floats
    middle_bits: Floats
    phone_bits: Floats
    mailbox_bits: Floats
    address_bits: Floats
    # Both companies; one company, the other a person.
    companies: Bools
    mixed: Bools
    suffix: Levels
    personal: Bools
    near_personal: Bools
    people: Ints

    def take(self, which: Any) -> "Compared":
        """The pairs of these positions."""
        return Compared(**{each.name: getattr(self, each.name)[which] for each in fields(self)})


class Comparer:
    """Everything that is worked out once for a set of records; ``compare`` then takes any pairs of them."""

    def __init__(self, columns: Columns, statistics: Statistics) -> None:
        self.columns = columns
        self.statistics = statistics
        self.population = statistics.population
        self.names = NamePairs(columns, statistics)
        self.address_table = AddressTable(columns, statistics.bits(statistics.address_words, NAME_BITS))
        codes = Codes()
        digits = ["".join(filter(str.isdigit, text.partition("@")[0])) for text in columns.mailbox_texts]
        self.digits = np.array([codes[text] for text in digits], np.int32)
        self.digit_count = np.array([len(text) for text in digits], np.int32)
        self.named = _named(columns)

    def measured_rates(self) -> Rates:
        """u of each level on pairs drawn at regular distances: the same for every run over these records."""
        size = self.columns.size
        if size < 3:
            return self.statistics.rates
        # Some thousands of records are drawn more often, or what hardly ever agrees by chance would not be seen to. Of
        # some hundreds too many pairs are one customer.
        draws = max(3, min(weights.SAMPLES // size, size // 400, _MOST_DRAWS))
        shifts = [max(1, size // (2 * draw + 3)) for draw in range(draws)]
        per_shift = weights.SAMPLES // len(shifts)
        rows = np.linspace(0, size - 1, min(per_shift, size)).astype(np.int32)
        one = np.tile(rows, len(shifts))
        other = np.concatenate([(rows + shift) % size for shift in shifts]).astype(np.int32)
        apart = one != other
        compared = self.compare(one[apart], other[apart])
        levels = {
            "first": compared.first[~compared.companies & ~compared.swapped],
            "last": compared.last[~compared.companies & ~compared.swapped],
            "company": compared.last[compared.companies],
            "phone": compared.phone, "mailbox": compared.mailbox, "address": compared.address,
        }  # fmt: skip
        found = {}
        for name, table in TABLES.items():
            seen = levels[name][levels[name] != 0]
            counts = np.bincount(seen, minlength=8)
            found[name] = {
                int(level): float(
                    (counts[level] + row.u * weights.SAMPLES_OF_TABLE) / (len(seen) + weights.SAMPLES_OF_TABLE)
                )
                for level, row in table.items()
            }
        return found

    def compare(self, one: Rows, other: Rows) -> Compared:
        """The comparison of each pair of records."""
        name = self.names.compare(one, other)
        phone, phone_bits, phone_own, phone_near, phone_people = self._values(
            one, other, "phone", self.columns.phones, self.statistics.phones
        )
        mailbox, mailbox_bits, mailbox_own, mailbox_near, mailbox_people = self._values(
            one, other, "mailbox", self.columns.mailboxes, self.statistics.mailboxes
        )
        address, address_bits, address_people = self._addresses(one, other)
        return Compared(
            **name,
            phone=phone,
            mailbox=mailbox,
            address=address,
            phone_bits=phone_bits,
            mailbox_bits=mailbox_bits,
            address_bits=address_bits,
            personal=phone_own | mailbox_own,
            near_personal=phone_near | mailbox_near,
            people=np.maximum(np.maximum(phone_people, mailbox_people), address_people),
        )

    def _values(
        self, one: Rows, other: Rows, field: str, column: Ints, use: Usage
    ) -> tuple[Levels, Floats, Bools, Bools, Ints]:
        """Of a field with several values in a record: the best level of any two of them."""
        levels = np.zeros(len(one), np.uint8)
        shared = np.full(len(one), -1, np.int32)
        a, b = column[one, 0], column[other, 0]
        both = (a >= 0) & (b >= 0)
        # Values everybody uses are as good as missing.
        generic = np.zeros(len(one), np.bool_)
        if len(use.generic):
            generic = use.generic[np.maximum(a, 0)] | use.generic[np.maximum(b, 0)]
        unlike = np.flatnonzero(both & (a != b) & ~generic)
        if field == "phone":
            levels[unlike] = phone_levels(self.columns.phone_texts, a[unlike], b[unlike])
        else:
            levels[unlike] = mailbox_levels(self.columns, a[unlike], b[unlike])
        shared[both & (a == b)] = a[both & (a == b)]
        several = np.flatnonzero((column[one, 1] >= 0) | (column[other, 1] >= 0))
        for x in range(column.shape[1]):
            for y in range(column.shape[1]):
                if x or y:
                    p, q = column[one[several], x], column[other[several], y]
                    same = (p >= 0) & (p == q) & (shared[several] < 0)
                    shared[several[same]] = p[same]
        worth = level_bits(self.statistics.rates, field, levels)
        if field == "mailbox":
            worth = self._by_name(one, other, a, b, levels, worth)
        agree = np.flatnonzero(shared >= 0)
        of = shared[agree]
        people, companies = use.people[of], use.companies[of]
        # Whose it is: one person's, or of two companies' records one company's.
        company_pair = self._company_records(one[agree]) & self._company_records(other[agree])
        users = np.maximum(np.where(company_pair, companies, people + companies), 1)
        office = users > OFFICE_ABOVE
        role = self.columns.mailbox_is_role[of] if field == "mailbox" else np.zeros(len(of), np.bool_)
        # An office mailbox is what a company is known by, though no person is.
        role = role & ~company_pair
        bits = np.log2(0.8) + np.log2(self.population / users)
        bits = np.where(office, np.minimum(_OFFICE_BITS, bits), bits)
        bits = np.where(role, np.minimum(_OFFICE_BITS, bits), bits)
        bits = np.where(use.generic[of], 0.0, bits)
        worth[agree] = bits
        levels[agree] = np.where(use.generic[of], 0, np.where(office | role, Value.SHARED, Value.EXACT))
        own = np.zeros(len(one), np.bool_)
        own[agree] = ~use.generic[of] & np.where(company_pair, companies == 1, (people == 1) & ~role)
        near = levels == Value.NEAR
        where = np.flatnonzero(near)
        near[where] = (use.people[a[where]] + use.companies[a[where]] <= 1) & (
            use.people[b[where]] + use.companies[b[where]] <= 1
        )
        known = np.zeros(len(one), np.int32)
        known[agree] = people
        return levels, worth, own, near, known

    def _by_name(self, one: Rows, other: Rows, a: Ints, b: Ints, levels: Levels, worth: Floats) -> Floats:
        """Mailboxes made of their owner's name are alike because the names are: only their digits say more."""
        alike = np.flatnonzero(((levels == Value.NEAR) | (levels == Value.FAR)) & (self.named[one] | self.named[other]))
        first, second = self.digits[a[alike]], self.digits[b[alike]]
        length = np.minimum(self.digit_count[a[alike]], 4)
        told = np.where(first == second, _STYLE_BITS + _DIGIT_BITS * length, _OTHER_DIGITS)
        told = told + np.where((levels[alike] == Value.FAR) & (first == second), _OTHER_PROVIDER, 0)
        worth[alike] = np.minimum(worth[alike], told)
        levels[alike[first != second]] = Value.DIFFERENT
        return worth

    def _company_records(self, rows: Rows) -> Bools:
        name = self.columns.name[rows]
        if not len(self.columns.names.company):
            return np.zeros(len(rows), np.bool_)
        return (name >= 0) & self.columns.names.company[np.maximum(name, 0)]

    def _addresses(self, one: Rows, other: Rows) -> tuple[Levels, Floats, Ints]:
        column = self.columns.addresses
        levels = np.zeros(len(one), np.uint8)
        worth = np.zeros(len(one), np.float32)
        people = np.zeros(len(one), np.int32)
        for x in range(column.shape[1]):
            for y in range(column.shape[1]):
                which = np.flatnonzero((column[one, x] >= 0) & (column[other, y] >= 0))
                if not len(which):
                    continue
                a, b = column[one[which], x], column[other[which], y]
                found, shared = self.address_table.compare(a, b)
                bits = level_bits(self.statistics.rates, "address", found)
                users = np.maximum(
                    np.maximum(self.statistics.addresses.people[a], self.statistics.addresses.people[b]), 1
                )
                bits = np.minimum(bits, _ADDRESS_DISCOUNT * shared)
                exact = found == Value.EXACT
                most = np.minimum(_ADDRESS_BITS, np.log2(self.population / users))
                bits = np.where(exact, np.minimum(most, _ADDRESS_DISCOUNT * shared), bits)
                bits = np.where(found == Value.DIFFERENT, np.log2(weights.ADDRESS[Value.DIFFERENT].m), bits)
                generic = self.statistics.addresses.generic[a] | self.statistics.addresses.generic[b]
                found, bits = np.where(generic, 0, found), np.where(generic, 0, bits)
                better = (found > 0) & ((levels[which] == 0) | (bits > worth[which]))
                levels[which[better]] = found[better]
                worth[which[better]] = bits[better]
                exact &= better
                people[which[exact]] = users[exact]
        return levels, worth, people


def _named(columns: Columns) -> Bools:
    """Of each record whether its mailbox is made of its name."""
    result = np.zeros(columns.size, np.bool_)
    names, words = columns.names, columns.words
    rows = np.flatnonzero((columns.name >= 0) & (columns.mailboxes[:, 0] >= 0))
    firsts, lasts = names.first.tolist(), names.last.tolist()
    for row, name, mailbox in zip(
        rows.tolist(), columns.name[rows].tolist(), columns.mailboxes[rows, 0].tolist(), strict=True
    ):
        local = columns.mailbox_texts[mailbox].partition("@")[0]
        first, last = firsts[name], lasts[name]
        result[row] = words[last][:5] in local or (first >= 0 and len(words[first]) > 2 and words[first][:5] in local)
    return result


def level_words(field: str, level: int) -> str:
    """What was seen, in words."""
    table = TABLES[field]
    return table[level].words if level in table else ""

"""Compares pairs of records field by field: levels, and what each is worth in bits (pure)."""

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import weights
from migration_ops.identity.duplicates.columns import Columns, Ints, used
from migration_ops.identity.duplicates.usage import GENERIC_ABOVE, GENERIC_ADDRESS_ABOVE, OFFICE_ABOVE, Usage, usage
from migration_ops.identity.duplicates.weights import Level, Value, Word
from migration_ops.identity.duplicates.words import (
    AddressTable,
    Floats,
    Levels,
    WordTable,
    mailbox_levels,
    phone_levels,
)

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int32]

# A value nobody else uses is no rarer than this (bits): the machine never saw everybody.
_NAME_BITS: Final = 12.0
_COMPANY_BITS: Final = 16.0
# Words of an address come together: a postcode tells the town.
_ADDRESS_DISCOUNT: Final = 0.45
_ADDRESS_BITS: Final = 11.0
_SWAPPED: Final = -2.0
_MIDDLE_CLASH: Final = -3.0


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


@dataclass(frozen=True, slots=True)
class Rates:
    """``u`` of the levels that are not exact, as measured; by field and level."""

    u: dict[str, dict[int, float]]


_TABLES: Final = {
    "first": weights.FIRST, "last": weights.LAST, "company": weights.COMPANY, "phone": weights.PHONE,
    "mailbox": weights.MAILBOX, "address": weights.ADDRESS,
}  # fmt: skip


def table_rates() -> Rates:
    """The table's own u."""
    return Rates({name: {int(level): row.u for level, row in table.items()} for name, table in _TABLES.items()})


class Comparer:
    """Everything that is worked out once for a set of records; ``compare`` then takes any pairs of them."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.population = max(columns.size, weights.LEAST_POPULATION)
        self.words = WordTable(columns.words)
        self.phones = usage(columns, columns.phones, len(columns.phone_texts), generic_above=GENERIC_ABOVE)
        self.mailboxes = usage(columns, columns.mailboxes, len(columns.mailbox_texts), generic_above=GENERIC_ABOVE)
        self.addresses = usage(
            columns, columns.addresses, len(columns.address_texts), generic_above=GENERIC_ADDRESS_ABOVE
        )
        names = columns.names
        named = columns.name[columns.name >= 0]
        size = len(columns.words)
        persons = named[~names.company[named]]
        self.first_bits = self._bits(used(names.first[persons], size), _NAME_BITS)
        self.last_bits = self._bits(used(names.last[persons], size), _NAME_BITS)
        self.company_bits = self._bits(used(names.last[named[names.company[named]]], size), _COMPANY_BITS)
        has = columns.addresses[columns.addresses >= 0]
        uses = used(columns.address_words[has], len(columns.address_word_texts)) if len(has) else np.zeros(0)
        self.address_table = AddressTable(columns, self._bits(uses, _NAME_BITS))
        self.rates = table_rates()
        self.rates = self._measured()

    def _bits(self, uses: npt.NDArray[Any], most: float) -> Floats:
        """How rare a value is, in bits: the pair at hand is not counted among those that make it common."""
        others = np.maximum(uses - 2, 0) + 1.0
        # Few contacts say little: they count for as many as the least population has.
        share = others / max(self.columns.size, 1)
        smoothed = (share * self.columns.size + 0.0005 * 400) / (self.columns.size + 400)
        return np.minimum(-np.log2(np.maximum(smoothed, 1 / self.population)), most).astype(np.float32)

    def _measured(self) -> Rates:
        """u of each level on pairs drawn at regular distances: the same for every run over these records."""
        size = self.columns.size
        if size < 3:
            return self.rates
        shifts = [max(1, size // 3), max(1, size // 5), max(1, size // 7)]
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
        for name, table in _TABLES.items():
            seen = levels[name][levels[name] != 0]
            counts = np.bincount(seen, minlength=8)
            found[name] = {
                int(level): float(
                    (counts[level] + row.u * weights.SAMPLES_OF_TABLE) / (len(seen) + weights.SAMPLES_OF_TABLE)
                )
                for level, row in table.items()
            }
        return Rates(found)

    def _level_bits(self, field: str, levels: Levels) -> Floats:
        """What each level is worth by m and u alone."""
        table = np.zeros(8, np.float32)
        for level, row in _TABLES[field].items():
            table[level] = np.log2(row.m / self.rates.u[field][int(level)])
        return table[levels]

    def compare(self, one: Rows, other: Rows) -> Compared:
        """The comparison of each pair of records."""
        name = self._names(one, other)
        phone, phone_bits, phone_own, phone_near, phone_people = self._values(
            one, other, "phone", self.columns.phones, self.phones
        )
        mailbox, mailbox_bits, mailbox_own, mailbox_near, mailbox_people = self._values(
            one, other, "mailbox", self.columns.mailboxes, self.mailboxes
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

    def _names(self, one: Rows, other: Rows) -> dict[str, Any]:
        columns, names = self.columns, self.columns.names
        a, b = columns.name[one], columns.name[other]
        named = (a >= 0) & (b >= 0)
        pair_a, pair_b, where = _ordered(a, b, named)
        is_company_a, is_company_b = names.company[pair_a], names.company[pair_b]
        companies, mixed = is_company_a & is_company_b, is_company_a != is_company_b
        person = ~is_company_a & ~is_company_b
        fa, la, fb, lb = names.first[pair_a], names.last[pair_a], names.first[pair_b], names.last[pair_b]
        first, first_bits = self._words("first", self.first_bits, fa, fb)
        last, last_bits = self._words("last", self.last_bits, la, lb)
        # A single word may be either name: the better fit counts.
        crossed_first, crossed_first_bits = self._words(
            "first", self.first_bits, np.where(fa < 0, la, fa), np.where(fa < 0, fb, lb)
        )
        crossed_last, crossed_last_bits = self._words(
            "last", self.last_bits, np.where(fa < 0, -1, la), np.where(fa < 0, -1, fb)
        )
        single_b = (fb < 0) & (fa >= 0)
        crossed_first = np.where(single_b, self.words.levels(fa, lb), crossed_first)
        crossed_first_bits = np.where(
            single_b, self._word_bits("first", self.first_bits, crossed_first, fa, lb), crossed_first_bits
        )
        crossed_last = np.where(single_b, Word.MISSING, crossed_last)
        crossed_last_bits = np.where(single_b, 0, crossed_last_bits)
        bare = single_b | (fa < 0) & (fb >= 0)
        price = np.where(bare, 0.0, _SWAPPED)
        swapped = (
            person & (crossed_first_bits + crossed_last_bits + price > first_bits + last_bits) & ~((fa < 0) & (fb < 0))
        )
        first = np.where(swapped, crossed_first, first)
        last = np.where(swapped, crossed_last, last)
        first_bits = np.where(swapped, crossed_first_bits, first_bits)
        last_bits = np.where(swapped, crossed_last_bits + price, last_bits)
        middle, middle_bits = self._middles(pair_a, pair_b)
        core, core_bits = self._companies(la, lb, companies)
        first, middle = np.where(person, first, 0), np.where(person, middle, 0)
        first_bits, middle_bits = np.where(person, first_bits, 0), np.where(person, middle_bits, 0)
        last = np.where(companies, core, np.where(mixed, 0, last))
        last_bits = np.where(companies, core_bits, np.where(mixed, -4.0, last_bits))
        suffix = np.where(person, _suffixes(names.suffix[pair_a], names.suffix[pair_b]), 0)
        found = {
            "first": first.astype(np.uint8), "last": last.astype(np.uint8), "swapped": swapped,
            "middle": middle.astype(np.uint8), "first_bits": first_bits.astype(np.float32),
            "last_bits": last_bits.astype(np.float32), "middle_bits": middle_bits.astype(np.float32),
            "companies": companies, "mixed": mixed, "suffix": suffix.astype(np.uint8),
        }  # fmt: skip
        result: dict[str, Any] = {}
        for key, values in found.items():
            spread = np.zeros(len(one), values.dtype)
            spread[named] = values[where]
            result[key] = spread
        return result

    def _words(self, field: str, bits: Floats, one: Ints, other: Ints) -> tuple[Levels, Floats]:
        levels = self.words.levels(one, other)
        return levels, self._word_bits(field, bits, levels, one, other)

    def _word_bits(self, field: str, bits: Floats, levels: Levels, one: Ints, other: Ints) -> Floats:
        worth = self._level_bits(field, levels)
        table = _TABLES[field]
        # Agreement on a rare word says more; of two spellings the commoner one counts.
        rare = np.minimum(bits[one], bits[other]) if len(bits) else worth
        exact = levels == Word.EXACT
        worth[exact] = rare[exact] + np.log2(table[Word.EXACT].m)
        if Word.NICKNAME in table:
            nick = levels == Word.NICKNAME
            worth[nick] = np.minimum(rare[nick], 9) + np.log2(table[Word.NICKNAME].m) + 1.5
        elif (levels == Word.NICKNAME).any():
            # Surnames have no short forms.
            worth[levels == Word.NICKNAME] = np.log2(table[Word.DIFFERENT].m)
        return worth

    def _middles(self, one: Ints, other: Ints) -> tuple[Levels, Floats]:
        names = self.columns.names
        levels = self.words.levels(names.middle[one], names.middle[other])
        worth = np.array([0, _MIDDLE_CLASH, -1, 1.5, 2, 1, 3, 0], np.float32)[levels]
        return levels, worth

    def _companies(self, one: Ints, other: Ints, companies: Bools) -> tuple[Levels, Floats]:
        levels = np.zeros(len(one), np.uint8)
        worth = np.zeros(len(one), np.float32)
        which = np.flatnonzero(companies)
        if len(which):
            a, b = one[which], other[which]
            found = self.words.levels(a, b)
            found[found == Word.NICKNAME] = Word.ROUGH
            bits = self._level_bits("company", found)
            exact = found == Word.EXACT
            bits[exact] = np.minimum(self.company_bits[a], self.company_bits[b])[exact]
            levels[which], worth[which] = found, bits
        return levels, worth

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
        worth = self._level_bits(field, levels)
        agree = np.flatnonzero(shared >= 0)
        of = shared[agree]
        people, companies = use.people[of], use.companies[of]
        users = np.maximum(people + companies, 1)
        office = users > OFFICE_ABOVE
        role = self.columns.mailbox_is_role[of] if field == "mailbox" else np.zeros(len(of), np.bool_)
        bits = np.log2(0.8) + np.log2(self.population / users)
        bits = np.where(office, np.minimum(5.0, bits), bits)
        bits = np.where(role, np.minimum(8.0, bits), bits)
        bits = np.where(use.generic[of], 0.0, bits)
        worth[agree] = bits
        levels[agree] = np.where(use.generic[of], 0, np.where(office | role, Value.SHARED, Value.EXACT))
        own = np.zeros(len(one), np.bool_)
        # Whose it is: one person's, or of two companies' records one company's.
        company_pair = self._company_records(one[agree]) & self._company_records(other[agree])
        own[agree] = ~use.generic[of] & np.where(company_pair, companies == 1, (people == 1) & ~role)
        near = levels == Value.NEAR
        where = np.flatnonzero(near)
        near[where] = (use.people[a[where]] + use.companies[a[where]] <= 1) & (
            use.people[b[where]] + use.companies[b[where]] <= 1
        )
        known = np.zeros(len(one), np.int32)
        known[agree] = people
        return levels, worth, own, near, known

    def _company_records(self, rows: Rows) -> Bools:
        name = self.columns.name[rows]
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
                bits = self._level_bits("address", found)
                users = np.maximum(np.maximum(self.addresses.people[a], self.addresses.people[b]), 1)
                bits = np.minimum(bits, _ADDRESS_DISCOUNT * shared)
                exact = found == Value.EXACT
                most = np.minimum(_ADDRESS_BITS, np.log2(self.population / users))
                bits = np.where(exact, np.minimum(most, _ADDRESS_DISCOUNT * shared), bits)
                bits = np.where(found == Value.DIFFERENT, np.log2(weights.ADDRESS[Value.DIFFERENT].m), bits)
                generic = self.addresses.generic[a] | self.addresses.generic[b]
                found, bits = np.where(generic, 0, found), np.where(generic, 0, bits)
                better = (found > 0) & ((levels[which] == 0) | (bits > worth[which]))
                levels[which[better]] = found[better]
                worth[which[better]] = bits[better]
                exact &= better
                people[which[exact]] = self.addresses.people[a[exact]]
        return levels, worth, people


def _ordered(a: Ints, b: Ints, named: Bools) -> tuple[Ints, Ints, npt.NDArray[np.int64]]:
    """The distinct pairs of names, and which of them each named pair has."""
    low, high = np.minimum(a[named], b[named]).astype(np.int64), np.maximum(a[named], b[named]).astype(np.int64)
    keys, where = np.unique(low << 32 | high, return_inverse=True)
    return (keys >> 32).astype(np.int32), (keys & 0xFFFFFFFF).astype(np.int32), where


SUFFIX_ONE: Final = 1
SUFFIX_CLASH: Final = 2
SUFFIX_SAME: Final = 3


def _suffixes(one: Ints, other: Ints) -> Levels:
    result = np.zeros(len(one), np.uint8)
    result[(one >= 0) != (other >= 0)] = SUFFIX_ONE
    result[(one >= 0) & (other >= 0) & (one != other)] = SUFFIX_CLASH
    result[(one >= 0) & (one == other)] = SUFFIX_SAME
    return result


def level_words(field: str, level: int) -> str:
    """What was seen, in words."""
    table: dict[Any, Level] = dict(_TABLES[field])
    return table[level].words if level in table else ""

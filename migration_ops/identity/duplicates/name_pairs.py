"""Compares the names of pairs of records: first name, surname, middle, suffix; companies by their whole name (pure)."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from migration_ops.identity.duplicates.columns import Columns, Ints
from migration_ops.identity.duplicates.sorting import distinct_pairs
from migration_ops.identity.duplicates.statistics import TABLES, Statistics, level_bits
from migration_ops.identity.duplicates.usage import ALIKE_COMPANY
from migration_ops.identity.duplicates.weights import Word
from migration_ops.identity.duplicates.words import Floats, Levels, WordTable, over_texts
from migration_ops.identity.names import company_core

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int32]

# A name nobody else bears is no rarer than this (bits): the machine never saw everybody.
NAME_BITS: Final = 12.0
_COMPANY_BITS: Final = 16.0
_SWAPPED: Final = -3.0
_MIXED: Final = -4.0
# Of middle names by the level of their comparison.
_MIDDLE_BITS: Final = np.array([0, -3, -1, 1.5, 2, 1, 3, 0], np.float32)

SUFFIX_ONE: Final = 1
SUFFIX_CLASH: Final = 2
SUFFIX_SAME: Final = 3


def _suffixes(one: Ints, other: Ints) -> Levels:
    result = np.zeros(len(one), np.uint8)
    result[(one >= 0) != (other >= 0)] = SUFFIX_ONE
    result[(one >= 0) & (other >= 0) & (one != other)] = SUFFIX_CLASH
    result[(one >= 0) & (one == other)] = SUFFIX_SAME
    return result


class NamePairs:
    """Compares names; ``Comparer`` asks it for the name columns of ``Compared``."""

    def __init__(self, columns: Columns, statistics: Statistics) -> None:
        self.columns = columns
        self.statistics = statistics
        self.words = WordTable(columns.words)
        self.cores = [company_core(text) for text in columns.names.texts]
        self.first_bits = statistics.bits(statistics.firsts, NAME_BITS)
        self.last_bits = statistics.bits(statistics.lasts, NAME_BITS)
        # Of exchanged names the commoner use of a word counts: Mary is rare only as a surname.
        self.any_bits = np.minimum(self.first_bits, self.last_bits)
        self.company_bits = statistics.bits(statistics.companies, _COMPANY_BITS)

    def compare(self, one: Rows, other: Rows) -> dict[str, Any]:
        """The name columns of ``Compared`` for each pair of records."""
        columns, names = self.columns, self.columns.names
        a, b = columns.name[one], columns.name[other]
        named = (a >= 0) & (b >= 0)
        pair_a, pair_b, where = distinct_pairs(a[named], b[named])
        is_company_a, is_company_b = names.company[pair_a], names.company[pair_b]
        companies, mixed = is_company_a & is_company_b, is_company_a != is_company_b
        misspelt = self._misspelt(pair_a, pair_b, mixed)
        companies, mixed = companies | misspelt, mixed & ~misspelt
        person = ~companies & ~mixed
        fa, la, fb, lb = names.first[pair_a], names.last[pair_a], names.first[pair_b], names.last[pair_b]
        first, first_bits = self._words("first", self.first_bits, fa, fb)
        last, last_bits = self._words("last", self.last_bits, la, lb)
        # A single word may be either name: the better fit counts.
        crossed_first, crossed_first_bits = self._words(
            "first", self.any_bits, np.where(fa < 0, la, fa), np.where(fa < 0, fb, lb)
        )
        crossed_last, crossed_last_bits = self._words(
            "last", self.any_bits, np.where(fa < 0, -1, la), np.where(fa < 0, -1, fb)
        )
        single_b = (fb < 0) & (fa >= 0)
        crossed_first = np.where(single_b, self.words.levels(fa, lb), crossed_first)
        crossed_first_bits = np.where(
            single_b, self._word_bits("first", self.any_bits, crossed_first, fa, lb), crossed_first_bits
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
        core, core_bits = self._companies(la, lb, companies & ~misspelt)
        core = np.where(misspelt, Word.CLOSE, core)
        core_bits = np.where(misspelt, level_bits(self.statistics.rates, "company", core), core_bits)
        first, middle = np.where(person, first, 0), np.where(person, middle, 0)
        first_bits, middle_bits = np.where(person, first_bits, 0), np.where(person, middle_bits, 0)
        last = np.where(companies, core, np.where(mixed, 0, last))
        last_bits = np.where(companies, core_bits, np.where(mixed, _MIXED, last_bits))
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

    def _misspelt(self, one: Ints, other: Ints, mixed: Bools) -> Bools:
        """Companies one of which is not seen to be one, because the word that says so is misspelt."""
        result = np.zeros(len(one), np.bool_)
        which = np.flatnonzero(mixed)
        alike = over_texts(fuzz.ratio, self.cores, one[which], other[which])
        result[which] = alike >= ALIKE_COMPANY
        return result

    def _words(self, field: str, bits: Floats, one: Ints, other: Ints) -> tuple[Levels, Floats]:
        levels = self.words.levels(one, other)
        return levels, self._word_bits(field, bits, levels, one, other)

    def _word_bits(self, field: str, bits: Floats, levels: Levels, one: Ints, other: Ints) -> Floats:
        worth = level_bits(self.statistics.rates, field, levels)
        table = TABLES[field]
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
        worth = _MIDDLE_BITS[levels]
        return levels, worth

    def _companies(self, one: Ints, other: Ints, companies: Bools) -> tuple[Levels, Floats]:
        levels = np.zeros(len(one), np.uint8)
        worth = np.zeros(len(one), np.float32)
        which = np.flatnonzero(companies)
        if len(which):
            a, b = one[which], other[which]
            found = self.words.levels(a, b)
            found[found == Word.NICKNAME] = Word.ROUGH
            bits = level_bits(self.statistics.rates, "company", found)
            exact = found == Word.EXACT
            bits[exact] = np.minimum(self.company_bits[a], self.company_bits[b])[exact]
            levels[which], worth[which] = found, bits
        return levels, worth

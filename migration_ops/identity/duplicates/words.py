"""How words, phones, mailboxes and addresses compare, for many pairs of codes at once (pure)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein, JaroWinkler, LCSseq
from rapidfuzz.process import cpdist

from migration_ops.identity import lexicon
from migration_ops.identity.duplicates.columns import NONE, Columns, Ints
from migration_ops.identity.duplicates.sorting import distinct_pairs
from migration_ops.identity.duplicates.weights import Value, Word

Levels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

_MIN_TYPO: Final = 4
_MIN_TWO_TYPOS: Final = 7
_MAX_GROUPS: Final = 6
# Letters of an address that say something by their order.
_MIN_ADDRESS: Final = 12


def over_texts(scorer: Callable[..., Any], texts: Sequence[str], one: Ints, other: Ints) -> Floats:
    """The scorer's figure for each pair of codes."""
    first, second = [texts[code] for code in one.tolist()], [texts[code] for code in other.tolist()]
    if not first:
        return np.zeros(0, np.float32)
    return cpdist(first, second, scorer=scorer, dtype=np.float32)


class WordTable:
    """The words of names with what comparing them needs."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.length = np.fromiter(map(len, words), np.int32, len(words))
        self.initial = np.fromiter((ord(word[0]) if word else 0 for word in words), np.int32, len(words))
        self.is_given = np.fromiter((word in lexicon.GIVEN_NAMES for word in words), np.bool_, len(words))
        self.groups = np.full((len(words), _MAX_GROUPS), NONE, np.int32)
        for code, word in enumerate(words):
            groups = sorted(lexicon.NICKNAME_GROUPS.get(word, ()))[:_MAX_GROUPS]
            self.groups[code, : len(groups)] = groups

    def levels(self, one: Ints, other: Ints) -> Levels:
        """The ``Word`` level of each pair of codes; MISSING where one is NONE."""
        result = np.zeros(len(one), np.uint8)
        both = (one >= 0) & (other >= 0)
        result[both & (one == other)] = Word.EXACT
        unlike = np.flatnonzero(both & (one != other))
        first, second, where = distinct_pairs(one[unlike], other[unlike])
        result[unlike] = self._unlike(first, second)[where]
        return result

    def _unlike(self, one: Ints, other: Ints) -> Levels:
        """The level of each pair of different words."""
        result = np.full(len(one), Word.DIFFERENT, np.uint8)
        if not len(one):
            return result
        short = np.minimum(self.length[one], self.length[other])
        long = np.maximum(self.length[one], self.length[other])
        edits = over_texts(DamerauLevenshtein.distance, self.words, one, other)
        alike = over_texts(JaroWinkler.similarity, self.words, one, other)
        result[(alike >= 0.8) & (short >= 3) | (edits <= 2) & (short >= 4)] = Word.ROUGH
        result[(edits <= 1) & (short >= _MIN_TYPO) | (edits <= 2) & (short >= _MIN_TWO_TYPOS)] = Word.CLOSE
        # Mark and Mary are two names, not one with a slip.
        result[self.is_given[one] & self.is_given[other]] = Word.DIFFERENT
        result[(short == 1) & (long > 1) & (self.initial[one] == self.initial[other])] = Word.INITIAL
        groups, others = self.groups[one], self.groups[other]
        shared = ((groups[:, :, None] == others[:, None, :]) & (groups >= 0)[:, :, None]).any(axis=(1, 2))
        result[shared] = Word.NICKNAME
        return result


def phone_levels(texts: Sequence[str], one: Ints, other: Ints) -> Levels:
    """The level of each pair of different phone codes."""
    first, second, where = distinct_pairs(one, other)
    result = np.full(len(first), Value.DIFFERENT, np.uint8)
    edits = over_texts(DamerauLevenshtein.distance, texts, first, second)
    result[edits <= 2] = Value.FAR
    result[edits <= 1] = Value.NEAR
    return result[where]


def mailbox_levels(columns: Columns, one: Ints, other: Ints) -> Levels:
    """The level of each pair of different mailbox codes."""
    first, second, where = distinct_pairs(one, other)
    texts = columns.mailbox_texts
    result = np.full(len(first), Value.DIFFERENT, np.uint8)
    edits = over_texts(DamerauLevenshtein.distance, texts, first, second)
    locals_one = [texts[code].partition("@")[0] for code in first.tolist()]
    locals_two = [texts[code].partition("@")[0] for code in second.tolist()]
    role = columns.mailbox_is_role[first] | columns.mailbox_is_role[second]
    same_local = np.fromiter(
        (len(a) >= _MIN_TYPO and a == b for a, b in zip(locals_one, locals_two, strict=True)), np.bool_, len(first)
    )
    short = np.fromiter(
        (min(len(a), len(b)) for a, b in zip(locals_one, locals_two, strict=True)), np.int32, len(first)
    )
    result[(same_local | (edits <= 4) & (short >= 10)) & ~role] = Value.FAR
    result[((edits <= 1) | (edits <= 2) & (short >= 6)) & ~role] = Value.NEAR
    return result[where]


class AddressTable:
    """The addresses with what comparing them needs: how rare each word is."""

    def __init__(self, columns: Columns, bits_of_word: Floats) -> None:
        self.texts = [" ".join(sorted(text.split(" "))) for text in columns.address_texts]
        self.letters = [text.replace(" ", "") for text in columns.address_texts]
        self.length = np.fromiter(map(len, self.letters), np.int32, len(self.letters))
        self.words = columns.address_words
        self.bits = np.where(self.words >= 0, bits_of_word[self.words], 0) if len(bits_of_word) else self.words * 0.0
        self.total = self.bits.sum(axis=1)
        numeric = np.fromiter(
            (word[:1].isdigit() for word in columns.address_word_texts), np.bool_, len(columns.address_word_texts)
        )
        # The house number is the first number of a folded address.
        self.number = np.full(len(self.words), NONE, np.int32)
        if len(numeric):
            is_number = (self.words >= 0) & numeric[self.words]
            has = is_number.any(axis=1)
            self.number[has] = self.words[has, is_number.argmax(axis=1)[has]]

    def compare(self, one: Ints, other: Ints) -> tuple[Levels, Floats]:
        """Of each pair of address codes (none NONE) the level, and the bits of what the two share."""
        first, second, where = distinct_pairs(one, other)
        shared = np.zeros(len(first), np.float32)
        step = 200_000
        for start in range(0, len(first), step):
            part = slice(start, start + step)
            a, b = self.words[first[part]], self.words[second[part]]
            equal = ((a[:, :, None] == b[:, None, :]) & (a >= 0)[:, :, None]).any(axis=2)
            shared[part] = (equal * self.bits[first[part]]).sum(axis=1)
        least = np.minimum(self.total[first], self.total[second])
        most = np.maximum(self.total[first], self.total[second])
        ratio = shared / np.maximum(most, 0.1)
        inside = shared / np.maximum(least, 0.1)
        alike = over_texts(fuzz.ratio, self.texts, first, second) / 100
        kept = self._kept(first, second)
        numbers = (self.number[first] >= 0) & (self.number[second] >= 0)
        same_number = ~numbers | (self.number[first] == self.number[second])
        result = np.full(len(first), Value.DIFFERENT, np.uint8)
        result[(alike >= 0.66) | (ratio >= 0.4) | (inside >= 0.6) | (kept >= 0.75)] = Value.PARTLY
        far = (alike >= 0.78) & same_number | (alike >= 0.86) | (ratio >= 0.6) | (inside >= 0.9)
        result[far | (kept >= 0.85) & same_number] = Value.FAR
        result[((alike >= 0.9) | (ratio >= 0.8) | (inside >= 0.95) & (ratio >= 0.4)) & same_number] = Value.EXACT
        # What is alike though no whole word is: typing errors. Worth something, but less than words.
        shared = np.maximum(shared, least * np.clip((alike - 0.5) * 1.6, 0, 0.8))
        shared = np.maximum(shared, least * np.clip((kept - 0.5) * 2, 0, 0.9)).astype(np.float32)
        return result[where], shared[where]

    def _kept(self, one: Ints, other: Ints) -> Floats:
        """How much of the shorter address the longer one has, letter by letter in its order: whatever is left out,
        misspelt, or written as one word or two."""
        short = np.minimum(self.length[one], self.length[other])
        kept = over_texts(LCSseq.similarity, self.letters, one, other) / np.maximum(short, 1)
        return np.where(short >= _MIN_ADDRESS, kept, 0).astype(np.float32)

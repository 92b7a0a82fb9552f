"""Which records are worth comparing: many narrow passes, each capped (pure).

Two records meet if they agree in the key of one pass. A key more records have than the pass allows is left out: it
makes more pairs than it finds, and what it would find another pass finds too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import parallel
from migration_ops.identity.duplicates.columns import NONE, Columns, Hashes, Ints, hashes, hashes_of_few
from migration_ops.identity.duplicates.sorting import distinct
from migration_ops.identity.duplicates.statistics import Uses

Pairs = npt.NDArray[np.int64]

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)
NO_KEY: Final = np.uint64(0)
# Words of an address that are joined with words of a name, and with each other, the rarest first.
RARE_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Pass:
    """One way to meet, and the largest block; ``keys()`` gives each record's keys, a row of hashes, NO_KEY for none.

    Keys are worked out when they are asked for: a pass done by another process costs nothing here.
    """

    name: str
    keys: Callable[[], Hashes]
    cap: int


def mix(*parts: Hashes) -> Hashes:
    """One hash of several columns; NO_KEY where one of them is."""
    result = np.zeros(np.broadcast_shapes(*(part.shape for part in parts)), np.uint64)
    missing = np.zeros(result.shape, np.bool_)
    for part in parts:
        missing |= part == NO_KEY
        result = (result ^ part) * _MIX
        result ^= result >> _SHIFT
    result[missing] = NO_KEY
    return result


def either_order(one: Hashes, other: Hashes) -> Hashes:
    """The same hash whichever of the two comes first."""
    return mix(np.minimum(one, other), np.maximum(one, other))


def at(table: Hashes, codes: Ints) -> Hashes:
    """The table's hash for each code; NO_KEY for NONE."""
    if not len(table):
        return np.zeros(codes.shape, np.uint64)
    return np.where(codes >= 0, table[codes], NO_KEY)


_SOUNDS: Final = {
    **dict.fromkeys("bfpv", "1"), **dict.fromkeys("cgjkqsxz", "2"), **dict.fromkeys("dt", "3"), "l": "4",
    **dict.fromkeys("mn", "5"), "r": "6",
}  # fmt: skip


def sound(word: str) -> str:
    """Roughly how a word sounds: its first letter and the consonants after it, as Soundex has it."""
    found = word[:1]
    last = _SOUNDS.get(found, "")
    for letter in word[1:]:
        code = _SOUNDS.get(letter, "")
        if code and code != last:
            found += code
            if len(found) == 4:
                break
        if letter not in "hw":
            last = code
    return found


def passes(columns: Columns, address_words: Uses | None) -> list[Pass]:
    """The passes over the records.

    Args:
        address_words: uses of each word of the company's addresses; None takes every word for rare, which makes more
            keys, all of them among those another record may have.
    """
    names = columns.names
    word_hash = hashes("w", columns.words)
    sound_hash = hashes_of_few("s", map(sound, columns.words))
    is_word = np.fromiter((len(word) > 1 for word in columns.words), np.bool_, len(columns.words))
    word_hash[~is_word] = NO_KEY
    sound_hash[~is_word] = NO_KEY
    first, last = at(word_hash, names.first), at(word_hash, names.last)
    first_sound, last_sound = at(sound_hash, names.first), at(sound_hash, names.last)
    first_sound[names.company] = NO_KEY
    last_sound[names.company] = NO_KEY

    def of_record(table: Hashes) -> Hashes:
        return at(table, columns.name)[:, None]

    def phones() -> Hashes:
        return at(hashes("p", columns.phone_texts), columns.phones)

    def mailboxes() -> Hashes:
        return at(hashes("m", columns.mailbox_texts), columns.mailboxes)

    def mailbox_names() -> Hashes:
        locals_ = [
            _local(text, bool(role)) for text, role in zip(columns.mailbox_texts, columns.mailbox_is_role, strict=True)
        ]
        local_hash = hashes("l", locals_)
        local_hash[np.fromiter((not text for text in locals_), np.bool_, len(locals_))] = NO_KEY
        return at(local_hash, columns.mailboxes)

    @cache
    def tails() -> Hashes:
        return at(hashes_of_few("pt", (text[-4:] for text in columns.phone_texts)), columns.phones[:, :1])

    @cache
    def heads() -> Hashes:
        return at(hashes_of_few("ph", (text[:-4] for text in columns.phone_texts)), columns.phones[:, :1])

    rare = cache(lambda: _rare_words(columns, address_words))
    company = np.where(names.company, last, NO_KEY)
    # Neighbours share what they are made of: each process takes neighbours.
    return [
        Pass("phone", phones, 60),
        Pass("phone tail, surname", lambda: mix(tails(), of_record(last_sound)), 20),
        Pass("phone tail, first name", lambda: mix(tails(), of_record(first_sound)), 12),
        Pass("phone head, surname", lambda: mix(heads(), of_record(last_sound)), 12),
        Pass("phone head, first name", lambda: mix(heads(), of_record(first_sound)), 8),
        Pass("mailbox", mailboxes, 60),
        Pass("mailbox name", mailbox_names, 12),
        Pass("name", lambda: of_record(either_order(first, last)), 25),
        Pass("sound of name", lambda: of_record(either_order(first_sound, last_sound)), 12),
        Pass("company", lambda: of_record(company), 25),
        Pass("surname, address", lambda: mix(of_record(last), rare()), 15),
        Pass("first name, address", lambda: mix(of_record(first), rare()), 12),
        Pass(
            "sound of surname, address",
            lambda: mix(of_record(last_sound), rare()[:, : None if address_words is None else 2]),
            12,
        ),
        Pass("address", lambda: _word_pairs(rare()), 12),
    ]


def _local(mailbox: str, is_role: bool) -> str:
    """The part of a mailbox before the @, where it says who somebody is."""
    local = mailbox.partition("@")[0]
    return "" if is_role or len(local) < 5 else local


def _rare_words(columns: Columns, uses: Uses | None) -> Hashes:
    """Hashes of the rarest words of each record's first address, the rarest first."""
    table = columns.address_words
    if not len(table):
        return np.zeros((columns.size, RARE_WORDS), np.uint64)
    if uses is None:
        first = columns.addresses[:, 0]
        every = at(hashes("a", columns.address_word_texts), table)
        return np.where((first >= 0)[:, None], every[first], NO_KEY)
    # A word nobody else has makes no pair, so it counts as the least useful.
    counts = np.where(table >= 0, uses[table], np.iinfo(np.int64).max)
    counts = np.where(counts < 2, np.iinfo(np.int64).max - 1, counts)
    order = np.argsort(counts, axis=1, kind="stable")[:, :RARE_WORDS]
    rare = np.take_along_axis(table, order, axis=1)
    rare = np.where(np.take_along_axis(counts, order, axis=1) < np.iinfo(np.int64).max - 1, rare, NONE)
    word_hash = hashes("a", columns.address_word_texts)
    first = columns.addresses[:, 0]
    return np.where((first >= 0)[:, None], at(word_hash, rare)[first], NO_KEY)


def _word_pairs(rare: Hashes) -> Hashes:
    one, other = np.triu_indices(rare.shape[1], 1)
    return either_order(rare[:, one], rare[:, other])


def candidate_pairs(columns: Columns, address_words: Uses, *, processes: int = 1) -> Pairs:
    """Pairs of records to compare, each once, as ``low * size + high``, ascending."""
    each = passes(columns, address_words)
    # Two halves of about the same work.
    halves = (each[:7], each[7:])

    def pairs_of_half(number: int) -> Pairs:
        return distinct(np.concatenate([pairs_of(one) for one in halves[number]]))

    return distinct(np.concatenate(list(parallel.results(pairs_of_half, len(halves), processes))))


def pairs_of(blocks: Pass) -> Pairs:
    """The pairs one pass makes, each once."""
    keys = blocks.keys()
    size, width = keys.shape
    keys = keys.ravel()
    rows = np.repeat(np.arange(size, dtype=np.int32), width)
    has_key = keys != NO_KEY
    keys, rows = keys[has_key], rows[has_key]
    # Which order records of one key come in changes no pair of theirs.
    order = np.argsort(keys)
    keys, rows = keys[order], rows[order]
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if len(keys) else np.zeros(0, np.int64)
    lengths = np.diff(np.concatenate((starts, [len(keys)])))
    fits = (lengths > 1) & (lengths <= blocks.cap)
    # Of each place in a block how many come after it: with distance 1, 2, … ever fewer places are left.
    ends = np.repeat((starts + lengths)[fits], lengths[fits])
    places = np.flatnonzero(np.repeat(fits, lengths))
    after = ends - places - 1
    found = []
    for distance in range(1, blocks.cap):
        left = after >= distance
        places, after = places[left], after[left]
        if not len(places):
            break
        one, other = rows[places], rows[places + distance]
        low, high = np.minimum(one, other), np.maximum(one, other)
        found.append((low.astype(np.int64) * size + high)[low != high])
    return distinct(np.concatenate(found)) if found else np.zeros(0, np.int64)

"""Contacts of one company as columns of numbers, so that millions of pairs can be compared at once (pure).

Every distinct text is encoded once: names, words of names, phones, mailboxes and addresses become codes with
tables of what is known about each. Codes belong to one run; the hashes beside them are the same in every run.
"""

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from migration_ops.identity import emails, names
from migration_ops.identity.folding import is_company

Ints = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]

# What one record can hold of each; more is a pasted document.
PHONES: Final = 3
MAILBOXES: Final = 3
ADDRESSES: Final = 3
ADDRESS_WORDS: Final = 10
NONE: Final = -1
_FEW: Final = 500


class ContactTexts(NamedTuple):
    """One contact in the forms in which it is compared: keys of ``ContactKeys``, addresses folded."""

    name: str | None
    mailboxes: tuple[str, ...]
    phones: tuple[str, ...]
    addresses: tuple[str, ...]


def stable_hash(kind: str, text: str) -> int:
    """64 bits that stand for a text of a kind; the same in every process and run."""
    digest = blake2b(f"{kind}\0{text}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little")


# What look-ups meet again and again: towns, kinds of streets, first names.
_hash_of_few = lru_cache(maxsize=50_000)(stable_hash)


class Codes(dict[str, int]):
    """Texts and their codes, in the order of first sight: a text that is asked for gets one."""

    def __missing__(self, text: str) -> int:
        code = self[text] = len(self)
        return code

    @property
    def texts(self) -> list[str]:
        """The texts in the order of their codes."""
        return list(self)


@dataclass(slots=True)
class Names:
    """What is known about each distinct name. Word columns are codes into ``words``; NONE where there is none.

    Of a person ``first`` is the given name and ``last`` the surname; a single word is ``last`` alone. Of a company
    ``first`` is NONE and ``last`` stands for the whole name without legal form.
    """

    texts: list[str]
    first: Ints
    last: Ints
    middle: Ints
    suffix: Ints
    company: npt.NDArray[np.bool_]


@dataclass(slots=True)
class Columns:
    """The records, each a row; codes as said in the fields' tables, NONE for nothing."""

    size: int
    name: Ints
    phones: Ints
    mailboxes: Ints
    addresses: Ints
    names: Names
    words: list[str]
    phone_texts: list[str]
    mailbox_texts: list[str]
    mailbox_is_role: npt.NDArray[np.bool_]
    address_texts: list[str]
    address_words: Ints
    address_word_texts: list[str]

    def record(self, row: int) -> ContactTexts:
        """The record as it was given; of many values those that are compared."""
        name = int(self.name[row])
        return ContactTexts(
            None if name < 0 else self.names.texts[name],
            _texts(self.mailboxes[row], self.mailbox_texts),
            _texts(self.phones[row], self.phone_texts),
            _texts(self.addresses[row], self.address_texts),
        )


def _texts(codes: Ints, texts: list[str]) -> tuple[str, ...]:
    return tuple([texts[code] for code in codes.tolist() if code >= 0])


class Builder:
    """Takes records one by one and keeps of each text one copy; ``columns`` then gives the columns, in that order."""

    def __init__(self) -> None:
        self._names, self._phones, self._mailboxes, self._addresses = Codes(), Codes(), Codes(), Codes()
        self._name = array("i")
        self._kinds = (_Several(self._phones), _Several(self._mailboxes), _Several(self._addresses))

    def add(self, record: ContactTexts) -> None:
        """One more record."""
        self._name.append(NONE if record.name is None else self._names[record.name])
        phones, mailboxes, addresses = self._kinds
        phones.add(record.phones)
        mailboxes.add(record.mailboxes)
        addresses.add(record.addresses)

    def columns(self) -> Columns:
        """The columns of the records so far."""
        # Codes in the order of the texts: which of two names comes first does not depend on the records.
        texts = sorted(self._names.texts)
        place = np.full(len(texts) + 1, NONE, np.int32)
        place[[self._names[text] for text in texts]] = np.arange(len(texts), dtype=np.int32)
        phones, mailboxes, addresses = (
            each.column(width) for each, width in zip(self._kinds, (PHONES, MAILBOXES, ADDRESSES), strict=True)
        )
        words = Codes()
        table = _names(texts, words)
        mailbox_texts, address_texts = self._mailboxes.texts, self._addresses.texts
        address_words = Codes()
        return Columns(
            size=len(self._name),
            # The last place stands for no name.
            name=place[np.frombuffer(self._name, np.int32)] if len(self._name) else np.zeros(0, np.int32),
            phones=phones,
            mailboxes=mailboxes,
            addresses=addresses,
            names=table,
            words=words.texts,
            phone_texts=self._phones.texts,
            mailbox_texts=mailbox_texts,
            mailbox_is_role=np.fromiter(map(emails.is_role, mailbox_texts), np.bool_, len(mailbox_texts)),
            address_texts=address_texts,
            address_words=_address_words(address_texts, address_words),
            address_word_texts=address_words.texts,
        )


class _Several:
    """The values of one kind: the first of each record, and the few records that have more."""

    def __init__(self, codes: Codes) -> None:
        self._codes = codes
        self._first = array("i")
        self._more: list[tuple[int, int, int]] = []

    def add(self, texts: tuple[str, ...]) -> None:
        if not texts:
            self._first.append(NONE)
            return
        self._first.append(self._codes[texts[0]])
        if len(texts) > 1:
            row = len(self._first) - 1
            self._more += [(row, place, self._codes[text]) for place, text in enumerate(texts) if place]

    def column(self, width: int) -> Ints:
        """A row for each record, as many values as fit."""
        found = np.full((len(self._first), width), NONE, np.int32)
        found[:, 0] = self._first
        for row, place, code in self._more:
            if place < width:
                found[row, place] = code
        return found


def build(records: Iterable[ContactTexts]) -> Columns:
    """The columns of the records, in their order."""
    builder = Builder()
    for record in records:
        builder.add(record)
    return builder.columns()


def _names(texts: list[str], words: Codes) -> Names:
    rows: list[tuple[int, int, int, int, bool]] = []
    for text in texts:
        if is_company(text):
            rows.append((NONE, words[names.company_core(text)], NONE, NONE, True))
            continue
        tokens = text.split(" ")
        suffix = names.suffix_of(text)
        if suffix is not None:
            tokens.pop()
        first = words[tokens[0]] if len(tokens) > 1 else NONE
        middle = words[" ".join(tokens[1:-1])] if len(tokens) > 2 else NONE
        rows.append((first, words[tokens[-1]], middle, NONE if suffix is None else words[suffix], False))
    table = np.array(rows, dtype=np.int32).reshape(-1, 5)
    return Names(
        texts=texts,
        first=table[:, 0].copy(),
        last=table[:, 1].copy(),
        middle=table[:, 2].copy(),
        suffix=table[:, 3].copy(),
        company=table[:, 4].astype(np.bool_),
    )


def _address_words(texts: list[str], words: Codes) -> Ints:
    table = np.full((len(texts), ADDRESS_WORDS), NONE, np.int32)
    for row, text in enumerate(texts):
        distinct = list(dict.fromkeys(text.split(" ")))[:ADDRESS_WORDS]
        table[row, : len(distinct)] = [words[word] for word in distinct]
    return table


def hashes(kind: str, texts: Iterable[str]) -> Hashes:
    """The stable hash of each text."""
    if isinstance(texts, list) and len(texts) <= _FEW:
        return np.array([_hash_of_few(kind, text) for text in texts], dtype=np.uint64)
    return np.array([stable_hash(kind, text) for text in texts], dtype=np.uint64)


def hashes_of_few(kind: str, texts: Iterable[str]) -> Hashes:
    """The stable hash of each text, worked out once for equal ones."""
    codes = Codes()
    of = [codes[text] for text in texts]
    return hashes(kind, codes.texts)[of] if of else np.zeros(0, np.uint64)


def used(column: Ints, codes: int) -> npt.NDArray[Any]:
    """How many records use each code."""
    flat = column.ravel()
    return np.bincount(flat[flat >= 0], minlength=codes)

"""Whether two folded names can be one customer's, and if not, why not.

The answer for (a, b) is the answer for (b, a). Being compatible is not transitive (John, J., Jane), so a group of
names is compatible only if every pair of it is.
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from itertools import combinations
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

from migration_ops.identity import lexicon
from migration_ops.identity.folding import is_company


class Likeness(StrEnum):
    """How two names stand to each other."""

    EQUAL = "equal"
    VARIANT = "variant"  # nickname, middle name, order of the words, legal form, spacing
    INITIAL = "initial"  # an initial for a first name
    BARE = "bare"  # only a surname or only a first name
    MISSING = "missing"  # one or both unnamed
    TYPO = "typo"
    HOUSEHOLD = "household"  # same surname, different full given names
    SUFFIX_CLASH = "suffix_clash"  # Jr against Sr
    SUFFIX_MISSING = "suffix_missing"  # Jr against neither
    COMPANY_PERSON = "company_person"
    UNLIKE = "unlike"


COMPATIBLE: Final = frozenset(
    (Likeness.EQUAL, Likeness.VARIANT, Likeness.INITIAL, Likeness.BARE, Likeness.MISSING),
)
# Fits more than one full name: only believed where no second person of that name is known.
AMBIGUOUS: Final = frozenset((Likeness.INITIAL, Likeness.BARE))
# A shorter word one letter away from another is as likely another word.
MIN_TYPO_LETTERS: Final = 4

_SUFFIXES: Final = frozenset(lexicon.SUFFIXES.values())


def suffix_of(key: str) -> str | None:
    """The generation suffix at the end of a folded person's name (jr, sr, ii …)."""
    tokens = key.split(" ")
    return tokens[-1] if len(tokens) > 1 and tokens[-1] in _SUFFIXES else None


@lru_cache(maxsize=65_536)
def _likeness(first: str, second: str) -> Likeness:
    """The likeness of two different names in sorted order."""
    companies = is_company(first), is_company(second)
    if companies[0] != companies[1]:
        return Likeness.COMPANY_PERSON
    if companies[0]:
        return _company_likeness(first, second)
    suffixes = suffix_of(first), suffix_of(second)
    tokens = [key.split(" ")[: -1 if suffix else None] for key, suffix in zip((first, second), suffixes, strict=True)]
    found = _person_likeness(tokens[0], tokens[1])
    if suffixes[0] == suffixes[1] or found not in COMPATIBLE:
        return found
    return Likeness.SUFFIX_CLASH if None not in suffixes else Likeness.SUFFIX_MISSING


def likeness(first: str | None, second: str | None) -> Likeness:
    """How two folded names (None: unnamed) stand to each other."""
    if first is None or second is None:
        return Likeness.MISSING
    if first == second:
        return Likeness.EQUAL
    return _likeness(first, second) if first < second else _likeness(second, first)


def company_core(key: str) -> str:
    """A folded company name without legal form and leading "the"."""
    tokens = key.split(" ")
    while len(tokens) > 1 and tokens[-1] in lexicon.LEGAL_FORMS:
        tokens.pop()
    return " ".join(tokens[1:] if tokens[0] == "the" and len(tokens) > 1 else tokens)


def _company_likeness(first: str, second: str) -> Likeness:
    cores = company_core(first), company_core(second)
    if cores[0].replace(" ", "") == cores[1].replace(" ", ""):
        return Likeness.VARIANT
    return Likeness.TYPO if _is_typo(*cores) else Likeness.UNLIKE


def _is_typo(first: str, second: str) -> bool:
    if (
        not (first + second).replace(" ", "").isalpha()
        or min(len(first), len(second)) < MIN_TYPO_LETTERS
        or abs(len(first) - len(second)) > 1
    ):
        return False
    return DamerauLevenshtein.distance(first, second, score_cutoff=1) <= 1


def _person_likeness(first: list[str], second: list[str]) -> Likeness:
    if first == second or sorted(first) == sorted(second) or "".join(first) == "".join(second):
        return Likeness.VARIANT
    if ("and" in first) != ("and" in second):
        pair, single = (first, second) if "and" in first else (second, first)
        return Likeness.HOUSEHOLD if pair[-1] == single[-1] else Likeness.UNLIKE
    if "and" in first:
        return Likeness.HOUSEHOLD if first[-1] == second[-1] else Likeness.UNLIKE
    short, long = sorted((first, second), key=lambda tokens: (len(tokens), tokens))
    if len(short) == 1:
        return _bare(short[0], long)
    if short[0] == long[0] and _is_inside(short[1:], long[1:]):
        return Likeness.VARIANT
    if first[-1] != second[-1]:
        return _other_family(first, second)
    return _same_family(first[:-1], second[:-1])


def _bare(word: str, tokens: list[str]) -> Likeness:
    """One word against a full name, or against another word."""
    if len(tokens) == 1:
        return Likeness.TYPO if _is_typo(word, tokens[0]) else Likeness.UNLIKE
    if word in (tokens[0], tokens[-1]) or _same_given(word, tokens[0]):
        return Likeness.BARE
    return Likeness.UNLIKE


def _is_inside(short: list[str], long: list[str]) -> bool:
    """Whether the words of the shorter stand in the longer, in order."""
    rest = iter(long)
    return all(word in rest for word in short)


def _same_given(first: str, second: str) -> bool:
    """Whether two given names are one name or its short form."""
    nothing: frozenset[int] = frozenset()
    groups = lexicon.NICKNAME_GROUPS
    return first == second or not groups.get(first, nothing).isdisjoint(groups.get(second, nothing))


def _is_initial_of(first: str, second: str) -> bool:
    short, long = sorted((first, second), key=len)
    return len(short) == 1 and long[0] == short


def _same_family(first: list[str], second: list[str]) -> Likeness:
    """Given and middle names of two people with one surname."""
    if "".join(first) == "".join(second):
        return Likeness.VARIANT
    if not _same_given(first[0], second[0]):
        if _is_initial_of(first[0], second[0]):
            return Likeness.INITIAL if _middles_agree(first[1:], second[1:]) else Likeness.HOUSEHOLD
        are_names = first[0] in lexicon.GIVEN_NAMES and second[0] in lexicon.GIVEN_NAMES
        return Likeness.TYPO if not are_names and _is_typo(first[0], second[0]) else Likeness.HOUSEHOLD
    return Likeness.VARIANT if _middles_agree(first[1:], second[1:]) else Likeness.UNLIKE


def _middles_agree(first: list[str], second: list[str]) -> bool:
    """Whether middle names do not contradict: those of both are equal, or one the other's initial."""
    return all(_same_given(one, other) or _is_initial_of(one, other) for one, other in zip(first, second, strict=False))


def _other_family(first: list[str], second: list[str]) -> Likeness:
    """Two full names with different last words."""
    same_given = _same_given(first[0], second[0])
    if same_given and _is_typo(first[-1], second[-1]):
        return Likeness.TYPO
    # Words in another order: "Smith John A".
    short, long = sorted((first, second), key=len)
    if set(short) <= set(long):
        return Likeness.VARIANT
    return Likeness.UNLIKE


def all_compatible(keys: Iterable[str], *, allow_missing_suffix: bool = False) -> bool:
    """Whether every pair of the folded names can be one customer's; pairs, so pass distinct names."""
    allowed = COMPATIBLE | {Likeness.SUFFIX_MISSING} if allow_missing_suffix else COMPATIBLE
    return all(likeness(one, other) in allowed for one, other in combinations(keys, 2))


def count_unlike(keys: Iterable[str], limit: int) -> int:
    """How many names no two of which are compatible, among the given; stops counting above ``limit``."""
    apart: list[str] = []
    for key in sorted(keys):
        if all(likeness(key, other) not in COMPATIBLE for other in apart):
            apart.append(key)
            if len(apart) > limit:
                break
    return len(apart)

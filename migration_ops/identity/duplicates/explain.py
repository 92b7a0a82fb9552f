"""Why a pair got its verdict: every observation with its weight, in words, and the fact that would turn it (pure)."""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import score
from migration_ops.identity.duplicates.compare import Compared, Comparer, level_words
from migration_ops.identity.duplicates.grouping import MAX_RECORDS
from migration_ops.identity.duplicates.name_pairs import SUFFIX_CLASH, SUFFIX_ONE, SUFFIX_SAME
from migration_ops.identity.duplicates.policy import NAMESAKES, WHYS, Verdict, Why
from migration_ops.identity.duplicates.weights import Value, Word

REASON_WORDS: Final[dict[Why, str]] = {
    Why.NONE: "",
    Why.PROBABLE: "Perhaps one customer: not sure enough to merge without asking.",
    Why.ONE_KIND: "Much agrees, but it is all of one kind.",
    Why.NOT_PERSONAL: "Much agrees, but no phone or mailbox that only one person uses.",
    Why.AMBIGUOUS_NAME: "A short name fits, but a second person of that name is known there.",
    Why.NAMES_UNLIKE: "Phone, mailbox or address agree under different names.",
    Why.SUFFIX_MISSING: "One name says Jr or Sr, the other does not, and no mailbox settles it.",
    Why.SUFFIX_CLASH: "The names are of two generations (Jr and Sr).",
    Why.HOUSEHOLD: "Two people of one household: same surname, different first names.",
    Why.COMPANY_PERSON: "One is a company, the other a person.",
    Why.REFUSED_BRIDGE: "The two agree, but joining them would join others that contradict each other.",
    Why.TOO_LARGE: "The two agree, but more records hang together here than one customer has.",
    Why.DECIDED_APART: "A person decided that these are not the same.",
    Why.SAME_NAME: "Hardly anybody else has this name, and nothing known of the two contradicts it.",
}


class EvidenceItem(TypedDict):
    """One observation: what was seen, where, at which level, in words, and its weight in bits."""

    kind: str
    field: str
    level: str
    text: str
    weight: float


class Explained(TypedDict):
    """The evidence of one pair, the heaviest first, and what would turn its verdict."""

    evidence: list[EvidenceItem]
    counterfactual: str
    fingerprint: str


_SUFFIX_TEXTS: Final = {
    SUFFIX_ONE: ("one", "only one name says which generation"),
    SUFFIX_CLASH: ("clash", "two generations of one name"),
    SUFFIX_SAME: ("same", "the same generation"),
}
_FIELDS: Final = ("first", "last", "middle", "phone", "mailbox", "address")
_WORDS: Final = tuple(level.name.lower() for level in Word)
_VALUES: Final = tuple(level.name.lower() for level in Value)
_SAME_PERSON: Final = "If the names were one person's, they would be one customer."
_OWN_VALUE: Final = "If a mailbox or phone that only this person uses stood on both, they would be one customer."
_TURNED_BY: Final = {
    Why.DECIDED_APART: "Only another decision by a person turns this.",
    **dict.fromkeys((Why.SUFFIX_CLASH, Why.HOUSEHOLD, Why.COMPANY_PERSON, Why.NAMES_UNLIKE), _SAME_PERSON),
    **dict.fromkeys((Why.SUFFIX_MISSING, Why.NOT_PERSONAL, Why.ONE_KIND), _OWN_VALUE),
    Why.AMBIGUOUS_NAME: "If the full first name stood on both, they would be one customer.",
    Why.REFUSED_BRIDGE: "If the others they are joined with had one name, they would be one customer.",
    Why.TOO_LARGE: f"If fewer than {MAX_RECORDS} different records hung together here, they would be one customer.",
    Why.SAME_NAME: (
        "If one phone, mailbox or address stood on both, they would be one customer;"
        " if both had one, and it differed, two."
    ),
}
# What an agreement of a field is worth as a rule, for saying what would turn a verdict.
_TYPICAL: Final = {"mailbox": 13.0, "phone": 12.0, "address": 9.0, "first name": 6.0}


def explain(
    comparer: Comparer,
    one: npt.NDArray[np.int32],
    other: npt.NDArray[np.int32],
    verdicts: npt.NDArray[np.uint8],
    whys: npt.NDArray[np.uint8],
    threshold: float,
) -> Iterator[Explained]:
    """The explanation of each pair, in order."""
    compared = comparer.compare(one, other)
    w, v = score.totals(compared, comparer.population)
    logit = -np.log2(np.exp2(-np.clip(w, -60, 60)) + np.exp2(-np.clip(v, -60, 60)))
    prior = score.prior_bits(comparer.population)
    name_limit = w - prior - score.SUFFIX_BITS[compared.suffix]
    for field in _FIELDS:
        name_limit = name_limit - getattr(compared, f"{field}_bits")
    figures = zip(logit.tolist(), w.tolist(), name_limit.tolist(), verdicts.tolist(), whys.tolist(), strict=True)
    wanted = score.odds(threshold)
    pairs = _observed_and_weights(compared)
    for (observed, weights), (odds, own, limit, verdict, number) in zip(pairs, figures, strict=True):
        items = [_item(*each[:4], weights[each.weight]) for each in _observations(observed)]
        if limit < -0.05:
            items.append(_item("name_limit", "name", "limit", "a name, however rare, says only so much", limit))
        if odds - own < -0.05:
            items.append(
                _item(
                    "place", "place", "shared", "people of one household or office would agree in this too", odds - own
                )
            )
        items.append(
            _item("prior", "prior", "prior", f"before anything is seen: two of {comparer.population:,} are one", prior)
        )
        why = WHYS[number]
        if why is Why.SAME_NAME:
            weight = score.odds(NAMESAKES) - odds
            items.append(
                _item("namesakes", "name", "rare", "few bear this name, and what is known does not clash", weight)
            )
        items.sort(key=lambda item: (-abs(item["weight"]), item["kind"]))
        if REASON_WORDS[why]:
            items.append(_item("rule", "rule", why.value, REASON_WORDS[why], 0.0))
        yield Explained(
            evidence=items,
            counterfactual=_counterfactual(observed, weights, wanted - odds, Verdict(verdict), why),
            fingerprint=fingerprint(items),
        )


def fingerprint(items: list[EvidenceItem]) -> str:
    """A digest of what was observed, without the weights: those move with every new contact."""
    seen = sorted(
        (item["kind"], item["level"]) for item in items if item["kind"] not in ("prior", "place", "name_limit")
    )
    return hashlib.blake2b(json.dumps(seen).encode(), digest_size=16).hexdigest()


def _item(kind: str, field: str, level: str, text: str, weight: float) -> EvidenceItem:
    return EvidenceItem(kind=kind, field=field, level=level, text=text, weight=round(float(weight), 1))


class _Seen(NamedTuple):
    """One thing observed, and which figure of the pair is its weight."""

    kind: str
    field: str
    level: str
    text: str
    weight: int


# What is observed of a pair without its weights; there are some thousands of combinations, however many the pairs.
_OBSERVED: Final = (
    "mixed", "companies", "first", "last", "swapped", "middle", "suffix", "phone", "mailbox", "address", "people",
)  # fmt: skip
_FIRST, _LAST, _MIDDLE, _PHONE, _MAILBOX, _ADDRESS, _SUFFIX = range(7)


def _observed_and_weights(compared: Compared) -> Iterator[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Of each pair what ``_observations`` takes, and the weights it refers to."""
    # Lists, because taking single values out of arrays is what would take the time.
    observed = [getattr(compared, name) for name in _OBSERVED[:-1]] + [np.minimum(compared.people, 2)]
    weights = [getattr(compared, f"{field}_bits") for field in _FIELDS] + [score.SUFFIX_BITS[compared.suffix]]
    yield from zip(
        zip(*(each.tolist() for each in observed), strict=True),
        zip(*(each.tolist() for each in weights), strict=True),
        strict=True,
    )


@lru_cache(maxsize=65_536)
def _observations(observed: tuple[int, ...]) -> tuple[_Seen, ...]:
    return tuple(_seen(*observed))


def _seen(
    mixed: int, companies: int, first: int, last: int, swapped: int, middle: int, suffix: int, phone: int, mailbox: int,
    address: int, people: int,
) -> Iterator[_Seen]:  # fmt: skip
    if mixed:
        yield _Seen("company_person", "name", "mixed", "one is a company, the other a person", _LAST)
    else:
        if not companies and first:
            level = _WORDS[first]
            yield _Seen(f"first_{level}", "first name", level, level_words("first", first), _FIRST)
        if last:
            level = _WORDS[last]
            table, field = ("company", "company name") if companies else ("last", "surname")
            words = level_words(table, last) or "different surnames"
            if swapped:
                words += "; first name and surname are exchanged"
            yield _Seen(f"{table}_{level}", field, level, words, _LAST)
        if middle:
            level = _WORDS[middle]
            text = "middle names that contradict" if middle == Word.DIFFERENT else "middle names that fit"
            yield _Seen(f"middle_{level}", "middle name", level, text, _MIDDLE)
        if suffix:
            name, text = _SUFFIX_TEXTS[suffix]
            yield _Seen(f"suffix_{name}", "suffix", name, text, _SUFFIX)
    for field, value, weight in (
        ("phone", phone, _PHONE), ("mailbox", mailbox, _MAILBOX), ("address", address, _ADDRESS),
    ):  # fmt: skip
        if value:
            text = level_words(field, value)
            if value == Value.EXACT and field != "address":
                text += ", used under one name" if people <= 1 else ", used also under another name"
            yield _Seen(f"{field}_{_VALUES[value]}", field, _VALUES[value], text, weight)


def strongest(
    comparer: Comparer, one: npt.NDArray[np.int32], other: npt.NDArray[np.int32], *, most: int = 2
) -> Iterator[list[str]]:
    """In words, of each pair the observations that weigh most, so many at most; in order."""
    for observed, weights in _observed_and_weights(comparer.compare(one, other)):
        seen = sorted(_observations(observed), key=lambda each: -abs(weights[each.weight]))
        yield [each.text for each in seen[:most]]


def _counterfactual(
    observed: tuple[int, ...], weights: tuple[float, ...], missing: float, verdict: Verdict, why: Why
) -> str:
    """What would turn the verdict; ``missing``: bits to merging without asking."""
    if verdict is Verdict.AUTO:
        return "Different first names, or a decision that they are not the same, would keep them apart."
    if why in _TURNED_BY:
        return _TURNED_BY[why]
    levels = dict(zip(_OBSERVED, observed, strict=True))
    for name, weight in (("mailbox", _MAILBOX), ("phone", _PHONE), ("address", _ADDRESS), ("first", _FIRST)):
        field = "first name" if name == "first" else name
        if levels[name] <= Value.DIFFERENT and _TYPICAL[field] - weights[weight] >= missing:
            return f"If the {field} were the same on both, they would be one customer."
    return "If two more of phone, mailbox and address were the same on both, they would be one customer."

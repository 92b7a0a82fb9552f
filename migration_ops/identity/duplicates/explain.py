"""Why a pair got its verdict: every observation with its weight, in words, and the fact that would turn it (pure)."""

import hashlib
import json
from collections.abc import Iterator
from typing import Final, TypedDict

import numpy as np
import numpy.typing as npt

from migration_ops.identity.duplicates import score
from migration_ops.identity.duplicates.compare import Compared, Comparer, level_words
from migration_ops.identity.duplicates.name_pairs import SUFFIX_CLASH, SUFFIX_ONE, SUFFIX_SAME
from migration_ops.identity.duplicates.policy import NAMESAKES, WHYS, Verdict, Why
from migration_ops.identity.duplicates.weights import Value, Word

REASON_WORDS: Final[dict[Why, str]] = {
    Why.NONE: "",
    Why.PROBABLE: "Probably one customer, but not surely enough to merge without asking.",
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
    for place in range(len(one)):
        items = list(_items(compared, place))
        fields = sum(float(getattr(compared, f"{field}_bits")[place]) for field in _FIELDS)
        limit = float(w[place]) - prior - fields - float(score.SUFFIX_BITS[compared.suffix[place]])
        if limit < -0.05:
            items.append(_item("name_limit", "name", "limit", "a name, however rare, says only so much", limit))
        place_bits = float(logit[place] - w[place])
        if place_bits < -0.05:
            items.append(
                _item(
                    "place", "place", "shared", "people of one household or office would agree in this too", place_bits
                )
            )
        items.append(
            _item("prior", "prior", "prior", f"before anything is seen: two of {comparer.population:,} are one", prior)
        )
        why = WHYS[int(whys[place])]
        if why is Why.SAME_NAME:
            weight = float(np.log2(NAMESAKES / (1 - NAMESAKES)) - logit[place])
            items.append(
                _item("namesakes", "name", "rare", "few bear this name, and what is known does not clash", weight)
            )
        items.sort(key=lambda item: (-abs(item["weight"]), item["kind"]))
        if REASON_WORDS[why]:
            items.append(_item("rule", "rule", why.value, REASON_WORDS[why], 0.0))
        yield Explained(
            evidence=items,
            counterfactual=_counterfactual(
                compared, place, float(logit[place]), Verdict(int(verdicts[place])), why, threshold
            ),
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


def _items(compared: Compared, place: int) -> Iterator[EvidenceItem]:
    companies = bool(compared.companies[place])
    if compared.mixed[place]:
        yield _item(
            "company_person", "name", "mixed", "one is a company, the other a person", compared.last_bits[place]
        )
    else:
        swapped = "; first name and surname are exchanged" if compared.swapped[place] else ""
        if not companies and compared.first[place]:
            level = Word(int(compared.first[place]))
            yield _item(
                f"first_{level.name.lower()}",
                "first name",
                level.name.lower(),
                level_words("first", level),
                compared.first_bits[place],
            )
        if compared.last[place]:
            level = Word(int(compared.last[place]))
            table = "company" if companies else "last"
            words = (level_words(table, level) or "different surnames") + swapped
            yield _item(
                f"{table}_{level.name.lower()}",
                "company name" if companies else "surname",
                level.name.lower(),
                words,
                compared.last_bits[place],
            )
        if compared.middle[place]:
            level = Word(int(compared.middle[place]))
            text = "middle names that contradict" if level is Word.DIFFERENT else "middle names that fit"
            yield _item(
                f"middle_{level.name.lower()}", "middle name", level.name.lower(), text, compared.middle_bits[place]
            )
        if compared.suffix[place]:
            name, text = _SUFFIX_TEXTS[int(compared.suffix[place])]
            yield _item(f"suffix_{name}", "suffix", name, text, score.SUFFIX_BITS[compared.suffix[place]])
    for field in ("phone", "mailbox", "address"):
        found = int(getattr(compared, field)[place])
        if found:
            value = Value(found)
            text = level_words(field, value)
            if value is Value.EXACT and field != "address":
                alone = "under one name" if compared.people[place] <= 1 else "also under another name"
                text += f", used {alone}"
            yield _item(
                f"{field}_{value.name.lower()}",
                field,
                value.name.lower(),
                text,
                getattr(compared, f"{field}_bits")[place],
            )


def _counterfactual(compared: Compared, place: int, logit: float, verdict: Verdict, why: Why, threshold: float) -> str:
    if verdict is Verdict.AUTO:
        return "Different first names, or a decision that they are not the same, would keep them apart."
    if why is Why.DECIDED_APART:
        return "Only another decision by a person turns this."
    if why in (Why.SUFFIX_CLASH, Why.HOUSEHOLD, Why.COMPANY_PERSON, Why.NAMES_UNLIKE):
        return "If the names were one person's, they would be one customer."
    if why in (Why.SUFFIX_MISSING, Why.NOT_PERSONAL, Why.ONE_KIND):
        return "If a mailbox or phone that only this person uses stood on both, they would be one customer."
    if why is Why.AMBIGUOUS_NAME:
        return "If the full first name stood on both, they would be one customer."
    if why is Why.SAME_NAME:
        return "If one phone, mailbox or address stood on both, they would be one customer; if both had one, and it differed, two."
    if why is Why.REFUSED_BRIDGE:
        return "If the others they are joined with had one name, they would be one customer."
    if why is Why.TOO_LARGE:
        return f"If fewer than {25} different records hung together here, they would be one customer."
    missing = float(np.log2(threshold / (1 - threshold))) - logit
    for field, typical in _TYPICAL.items():
        column, bits = ("first", "first_bits") if field == "first name" else (field, f"{field}_bits")
        level, worth = int(getattr(compared, column)[place]), float(getattr(compared, bits)[place])
        if level <= Value.DIFFERENT and typical - worth >= missing:
            return f"If the {field} were the same on both, they would be one customer."
    return "If two more of phone, mailbox and address were the same on both, they would be one customer."

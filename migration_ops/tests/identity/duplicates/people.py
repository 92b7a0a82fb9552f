"""Contacts for the engine's tests, as they are recorded, among enough strangers for frequencies to mean something."""

from dataclasses import dataclass

from benchmarks.made.traps import Maker
from migration_ops.identity.duplicates import engine
from migration_ops.identity.duplicates.columns import ContactTexts
from migration_ops.identity.duplicates.policy import WHYS, Verdict
from migration_ops.identity.duplicates.reading import read_contact
from migration_ops.identity.keys import contact_keys

STRANGERS = 300


def contact(name=None, email=None, phone=None, *addresses, region="US") -> ContactTexts:
    keys = contact_keys(name, email, phone, region)
    return read_contact(keys.name_key, keys.email_key, keys.phone_key, keys.extra_keys, phone, addresses, region)


def strangers(count: int = STRANGERS, seed: int = 11) -> list[ContactTexts]:
    """One row each of many customers."""
    seen = {}
    for row in Maker(seed).rows(3 * count):
        if row.name and "typo" not in row.traps:
            seen.setdefault(
                row.customer, contact(row.name, row.email, row.phone, *([row.address] if row.address else []))
            )
    return list(seen.values())[:count]


@dataclass(frozen=True)
class Outcome:
    verdicts: dict[tuple[int, int], tuple[str, str, float]]
    labels: list[int]
    questions: set[tuple[int, int]]

    def verdict(self, one=0, other=1) -> str:
        return self.verdicts.get((one, other), ("separate", "", 0.0))[0]

    def why(self, one=0, other=1) -> str:
        return self.verdicts.get((one, other), ("separate", "", 0.0))[1]

    def score(self, one=0, other=1) -> float:
        return self.verdicts.get((one, other), ("separate", "", 0.0))[2]

    def together(self, *records) -> bool:
        return len({self.labels[record] for record in records}) == 1


def search(*contacts, among=None, **options) -> Outcome:
    """Search these contacts among strangers; records are numbered in the order given."""
    found = engine.search([*contacts, *(strangers() if among is None else among)], **options)
    scored = found.scored
    rows = zip(
        scored.one.tolist(),
        scored.other.tolist(),
        scored.verdict.tolist(),
        scored.why.tolist(),
        scored.score.tolist(),
        strict=True,
    )
    verdicts = {
        (one, other): (Verdict(verdict).name.lower(), WHYS[why].value, score)
        for one, other, verdict, why, score in rows
    }
    asked = {(int(scored.one[place]), int(scored.other[place])) for place in found.questions}
    return Outcome(verdicts, found.labels, asked)

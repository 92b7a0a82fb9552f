"""The scored pairs of a search as CSV, a line a pair."""

import csv
from typing import IO, Any, Final

from crm.models import Company
from migration_ops.identity.duplicates import explain
from migration_ops.identity.duplicates.engine import Found
from migration_ops.identity.duplicates.policy import Verdict
from migration_ops.identity.duplicates.store import Book

HEADER: Final = ("company", "contact_a", "contact_b", "name_a", "name_b", "score", "decision", "evidence")
DECISIONS: Final = {Verdict.AUTO: "auto", Verdict.REVIEW: "review", Verdict.SEPARATE: "separate"}
CHUNK: Final = 20_000


class Exporter:
    """Writes the header at once and then each company's pairs.

    ``decision`` is the engine's verdict on the pair, also where the two contacts are one customer already. Contacts
    are named by their id, names are the folded ones.
    """

    def __init__(self, target: IO[str]) -> None:
        self._writer: Any = csv.writer(target)
        self._writer.writerow(HEADER)
        self.pairs = 0

    def write(self, company: Company, book: Book, found: Found) -> None:
        """Append the pairs of one company."""
        scored = found.scored
        for start in range(0, len(scored.one), CHUNK):
            part = slice(start, start + CHUNK)
            reasons = explain.explain(
                found.comparer,
                scored.one[part],
                scored.other[part],
                scored.verdict[part],
                scored.why[part],
                found.threshold,
            )
            rows = zip(
                scored.one[part].tolist(), scored.other[part].tolist(), scored.score[part].tolist(),
                scored.verdict[part].tolist(), reasons, strict=True,
            )  # fmt: skip
            self._writer.writerows(
                (
                    company.pk, book.ids[one], book.ids[other],
                    _name(book, one), _name(book, other),
                    f"{score:.6f}", DECISIONS[Verdict(verdict)], _in_words(reason),
                )
                for one, other, score, verdict, reason in rows
            )  # fmt: skip
        self.pairs += len(scored.one)


def _name(book: Book, row: int) -> str:
    name = int(book.columns.name[row])
    return "" if name < 0 else book.columns.names.texts[name]


def _in_words(reason: explain.Explained) -> str:
    return "; ".join(
        f"{item['text']} ({item['weight']:+.1f})" if item["weight"] else item["text"] for item in reason["evidence"]
    )

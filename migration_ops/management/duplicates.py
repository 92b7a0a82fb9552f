"""What find_duplicates says: as JSON and in words."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from legacy.progress import reported
from migration_ops.identity.duplicates.explain import REASON_WORDS
from migration_ops.identity.duplicates.outcome import Outcome
from migration_ops.identity.duplicates.policy import Why
from migration_ops.identity.duplicates.weights import ENGINE_VERSION
from migration_ops.management.reporting import duration

SHOWN_VALUES = 5
# How far along a search is when a step begins, in hundredths, and how long the step is.
_STEPS = {
    "reading": (0, 20), "measuring": (20, 10), "pairing": (30, 15), "comparing": (45, 35), "grouping": (80, 5),
    "exporting": (85, 5), "writing": (90, 8), "indexing": (98, 2),
}  # fmt: skip


def as_json(outcomes: list[Outcome], *, is_single: bool, export: Path | None) -> dict[str, Any]:
    """The result of one company, or the sums with a list of the companies."""
    results = [_one(outcome) for outcome in outcomes]
    if is_single:
        return results[0] | {"export": str(export) if export else None}
    summed = ("contacts", "customers", "compared", "scored", "groups", "grouped_customers", "questions", "cases")
    return {
        "company": None,
        "engine_version": ENGINE_VERSION,
        **{name: sum(result[name] for result in results) for name in summed},
        "seconds": round(sum(result["seconds"] for result in results), 3),
        "dry_run": any(result["dry_run"] for result in results),
        "export": str(export) if export else None,
        "companies": results,
    }


def _one(outcome: Outcome) -> dict[str, Any]:
    changes = outcome.changes
    return {
        "company": str(outcome.company.pk),
        "slug": outcome.company.slug,
        "engine_version": ENGINE_VERSION,
        "contacts": outcome.contacts,
        "customers": outcome.customers,
        "compared": outcome.compared,
        "scored": outcome.scored,
        "groups": outcome.groups,
        "grouped_customers": outcome.grouped_customers,
        "questions": outcome.questions,
        "cases": outcome.cases,
        "reasons": outcome.reasons,
        "auto_from": outcome.auto_from,
        "generic_values": [
            {"kind": kind, "value": value, "contacts": uses, "unlike_names": names}
            for kind, value, uses, names in outcome.generic[:50]
        ],
        "changes": None if changes is None else {
            "merge": changes.merge, "split": changes.split, "review": changes.review, "settled": changes.settled,
            "doubted": changes.doubted,
        },
        "dry_run": outcome.is_dry,
        "seconds": round(outcome.seconds, 3),
    }  # fmt: skip


def as_text(outcomes: list[Outcome], *, export: Path | None) -> str:
    """Each company in a few lines."""
    lines: list[str] = []
    for outcome in outcomes:
        lines.append(f"{outcome.company.name}: {outcome.contacts:,} contacts of {outcome.customers:,} customers, "
                     f"{outcome.compared:,} pairs compared in {duration(outcome.seconds)}")  # fmt: skip
        lines.append(f"  merges without asking  {outcome.groups:>8,} groups of {outcome.grouped_customers:,} customers")
        lines.append(f"  for a person           {outcome.questions:>8,} questions in {outcome.cases:,} cases")
        lines += [
            f"                         {count:>8,} × {REASON_WORDS[Why(reason)]}"
            for reason, count in outcome.reasons.items()
        ]
        if outcome.generic:
            shown = ", ".join(f"{value} ({uses:,} contacts)" for _, value, uses, _ in outcome.generic[:SHOWN_VALUES])
            more = f" and {len(outcome.generic) - SHOWN_VALUES} more" if len(outcome.generic) > SHOWN_VALUES else ""
            lines.append(f"  values that say nothing: {shown}{more}")
        if outcome.changes is not None:
            c = outcome.changes
            lines.append(f"  against the last run: {c.merge:,} merges more, {c.split:,} fewer;"
                         f" {c.review:,} new questions, {c.settled:,} settled;"
                         f" {c.doubted:,} customers hold contacts these rules keep apart")  # fmt: skip
    if not lines:
        lines.append("No company has legacy rows or migrated rows.")
    if any(outcome.is_dry for outcome in outcomes):
        lines.append("Nothing was written.")
    if export:
        lines.append(f"The scored pairs are in {export}.")
    return "\n".join(lines)


@contextmanager
def progress_of_search(title: str) -> Iterator[Callable[[str, float], None]]:
    """Shows a search's progress on stderr."""
    with reported(f"Searching {title}", total=100, unit="%") as show:

        def tell(step: str, share: float) -> None:
            start, length = _STEPS[step]
            show(round(start + length * share))

        yield tell

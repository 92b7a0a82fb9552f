"""How gates and steps are told."""

from typing import Any

from migration_ops.cutover.gates import GateResult
from migration_ops.cutover.switch import Moved


def lines_of(results: list[GateResult]) -> list[str]:
    """A line a gate: open or closed, and what is missing."""
    return [f"  gate     {each.gate}: {'open' if each.passed else 'CLOSED, ' + each.missing}" for each in results]


def as_json(results: list[GateResult]) -> list[dict[str, Any]]:
    """The gates with their evidence."""
    return [
        {"gate": each.gate, "passed": each.passed, "missing": each.missing, "evidence": each.evidence}
        for each in results
    ]


def moved_json(moved: Moved) -> dict[str, Any]:
    """A step, for --json."""
    return {
        "company": str(moved.company.pk), "slug": moved.company.slug, "before": moved.before, "stage": moved.after,
        "changed": moved.is_change, "pause_ms": round(moved.pause_s * 1000, 1), "gates": as_json(moved.gates),
    }  # fmt: skip

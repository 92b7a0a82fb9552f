"""How figures of the move are written: rows, spans of time, ages."""

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils import timezone

from migration_ops.console.dashboard import Proof

register = template.Library()


@register.filter
def rows(value: int | float | None) -> str:
    """12345 as 12,345; nothing as a dash."""
    return "–" if value is None else f"{round(value):,}"


@register.filter
def words(name: str) -> str:
    """rollback_drill as rollback drill."""
    return str(name).replace("_", " ")


@register.filter
def span(seconds: float | None) -> str:
    """90 as 2 min; two figures at most are worth reading."""
    if seconds is None:
        return "–"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length or (seconds >= length and length > 60):
            return (
                f"{seconds / length:.1f} {unit}"
                if seconds < 10 * length and length > 60
                else f"{seconds / length:.0f} {unit}"
            )
    return f"{seconds:.0f} s"


@register.filter
def between(interval: tuple[float, float] | None) -> str:
    """An interval of seconds as 2 min to 5 min."""
    if interval is None:
        return ""
    low, high = (span(each) for each in interval)
    return low if low == high else f"{low} to {high}"


@register.filter
def age(at: datetime | None) -> str:
    """How long ago, as a span."""
    return "" if at is None else span(max(0.0, (timezone.now() - at).total_seconds()))


@register.filter
def alike(proofs: Iterable[Proof]) -> list[tuple[str, Proof]]:
    """Verdicts of one outcome and one age together, as (depths, one of them); without those that are missing."""
    found: dict[tuple[bool | None, bool, str], list[Proof]] = {}
    every = list(proofs)
    for proof in every:
        if proof.passed is not None:
            found.setdefault((proof.passed, proof.is_old, age(proof.at)), []).append(proof)
    return [
        ("all depths" if len(each) == len(every) else ", ".join(proof.depth for proof in each), each[0])
        for each in found.values()
    ]

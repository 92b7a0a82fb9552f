"""How compared reads are told: in words and as JSON. Values of rows are shown in the admin only."""

from typing import Any

from migration_ops import conf
from migration_ops.models import ShadowGroup
from migration_ops.models.shadow import Endpoint
from migration_ops.shadow.evidence import Figures
from migration_ops.shadow.replay import Replayed

SHOWN = 10


def _counts(counts: dict[str, int]) -> str:
    return (
        f"{counts['equal']:,} equal ({counts['rows']:,} rows), {counts['mismatched']:,} different, "
        f"{counts['noise']:,} noise, {counts['late']:,} too late, {counts['dropped']:,} dropped"
    )


def shadow_lines(figures: Figures) -> list[str]:
    """A line an endpoint that was compared at all, a line a group that differs."""
    lines = [
        f"  reads    {endpoint.label}: {_counts(figures.all[endpoint])} in {conf.SHADOW_DAYS} days"
        for endpoint in Endpoint
        if any(figures.all[endpoint].values())
    ]
    lines += [f"  DIFFERS  {_group(group)}" for group in figures.open[:SHOWN]]
    more = len(figures.open) - SHOWN
    return [*lines, f"  DIFFERS  and {more} more"] if more > 0 else lines


def shadow_json(figures: Figures) -> dict[str, Any]:
    """The figures, and the groups that differ."""
    return {
        "days": conf.SHADOW_DAYS, "endpoints": figures.all, "valid": figures.valid,
        "groups": [group_json(group) for group in figures.open],
    }  # fmt: skip


def group_json(group: ShadowGroup) -> dict[str, Any]:
    """A group with the first of its objects; no values."""
    first = group.mismatches.filter(resolved_at=None).values_list("object", "request_id").first()
    return {
        "endpoint": Endpoint(group.endpoint).label, "field": group.field, "rule": group.rule, "seen": group.seen,
        "object": first[0] if first else None, "request_id": first[1] if first else None,
        "last_at": group.last_at.isoformat(),
    }  # fmt: skip


def replay_lines(done: Replayed) -> list[str]:
    """How a replay went."""
    extent = "every row" if done.is_complete else "a sample"
    lines = [f"{done.company.name} ({done.company.slug}), stage {done.stage}: {extent}, {done.seconds:.1f} s"]
    lines += [f"  {endpoint.label:22} {_counts(_figures(done, endpoint))}" for endpoint in Endpoint]
    lines += [f"  DIFFERS  {_group(group)}" for group in done.open[:SHOWN]]
    if len(done.open) > SHOWN:
        lines.append(f"  DIFFERS  and {len(done.open) - SHOWN} more")
    return lines


def replay_json(done: Replayed) -> dict[str, Any]:
    """The same as one object."""
    return {
        "company": str(done.company.pk), "slug": done.company.slug, "stage": done.stage, "passed": done.has_passed,
        "complete": done.is_complete, "seconds": round(done.seconds, 3),
        "endpoints": [{"name": each.label, **_figures(done, each)} for each in Endpoint],
        "groups": [group_json(group) for group in done.open],
    }  # fmt: skip


def _figures(done: Replayed, endpoint: Endpoint) -> dict[str, int]:
    tally = done.tallies[endpoint]
    return {name: getattr(tally, name) for name in ("equal", "rows", "mismatched", "noise", "late", "dropped")}


def _group(group: ShadowGroup) -> str:
    first = group_json(group)
    where = f", first {first['object']}" if first["object"] else ""
    return f"{group}, {group.seen:,} times{where}"

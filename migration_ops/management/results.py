"""What migrate_legacy says about a company: as JSON and in words."""

from collections import Counter
from typing import Any

from migration_ops.backfill.migrate import Migrated
from migration_ops.management.reporting import duration
from migration_ops.projection.reasons import REMEDIES, QuarantineReason
from migration_ops.selectors.summary import COUNTS, Summary


def as_json(result: Migrated) -> dict[str, Any]:
    """The promised keys, and a few more."""
    summary = result.summary
    return {
        "company": str(summary.company.pk),
        "slug": summary.company.slug,
        "status": result.status,
        "run": result.run.pk if result.run else None,
        **{name: getattr(summary, name) for name in COUNTS},
        "pending": summary.pending,
        "rows_done": result.rows,
        "open_conflicts": summary.open_conflicts,
        "quote_total": str(summary.quote_total),
        "paid_total": str(summary.paid_total),
        "flags": summary.flags,
        "quarantine": {group.reason: group.rows for group in summary.quarantine},
        "seconds": round(result.seconds, 3),
        "rows_per_second": round(result.rows / result.seconds, 1) if result.run and result.seconds else None,
    }


def total_of(results: list[dict[str, Any]], refused: list[dict[str, Any]]) -> dict[str, Any]:
    """The sums over several companies, with a list of them, and of those that were refused."""
    seconds = sum(result["seconds"] for result in results)
    rows = sum(result.get("rows_done", 0) for result in results)
    flags: Counter[str] = Counter()
    for result in results:
        flags.update(result["flags"])
    statuses = {result["status"] for result in results}
    return {
        "company": None,
        "status": statuses.pop() if len(statuses) == 1 else "mixed",
        **{name: sum(result.get(name, 0) for result in results) for name in (*COUNTS, "pending", "open_conflicts")},
        "flags": dict(flags.most_common()),
        "seconds": round(seconds, 3),
        "rows_per_second": round(rows / seconds, 1) if seconds else None,
        "needs_attention": any(result["needs_attention"] for result in results),
        "companies": results,
        "refused": refused,
    }


def render(summary: Summary) -> list[str]:
    """What came in, what came out, what waits and why: a line each."""
    recorded = summary.rows + summary.retired
    share = f"{summary.migrated / recorded:.2%}" if recorded else "nothing"
    gone = f", {summary.retired:,} more archived and removed" if summary.retired else ""
    lines = [
        f"  in       {summary.rows:>10,} legacy rows{gone}",
        f"  out      {summary.migrated:>10,} migrated ({share}), {summary.quarantined:,} quarantined, "
        f"{summary.pending:,} pending",
        f"           {summary.customers:>10,} customers with {summary.contacts:,} contacts and "
        f"{summary.addresses:,} addresses",
        f"           {summary.leads:>10,} leads, {summary.quotes:,} quotes with {summary.quote_items:,} items",
        f"           {summary.jobs:>10,} jobs, {summary.invoices:,} invoices, {summary.payments:,} payments",
        f"  money    {summary.quote_total:>10,.2f} quoted, {summary.paid_total:,.2f} paid",
    ]
    if summary.open_conflicts:
        lines.append(f"  doubtful {summary.open_conflicts:>10,} pairs of customers kept apart, for a person to decide")
    for group in summary.quarantine:
        reason = QuarantineReason(group.reason)
        label = str(reason.label)
        lines.append(f"  waits    {group.rows:>10,} × {label[0].lower()}{label[1:]} [{reason}]")
        lines.append(f"           {'':>10}   e.g. {group.field} = {group.original!r} in {group.legacy_id}")
        lines.append(f"           {'':>10}   to do: {REMEDIES[reason]}")
    if summary.flags:
        flags = ", ".join(f"{flag} {rows:,}" for flag, rows in list(summary.flags.items())[:6])
        more = f" and {len(summary.flags) - 6} more kinds" if len(summary.flags) > 6 else ""
        lines.append(f"  flagged  {flags}{more}")
    return lines


def rate(result: Migrated) -> str:
    """How long it took."""
    if result.run is None:
        return "everything is migrated and nothing waits"
    if result.status == "queued":
        return "Celery workers do the batches, and migration_status says how far they are"
    per_second = result.rows / result.seconds if result.seconds else 0
    return f"{result.rows:,} rows in {duration(result.seconds)}, {per_second:,.0f} rows/s"

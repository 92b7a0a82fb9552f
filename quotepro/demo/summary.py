"""The demo's last page: what came in, what came out, what waits and why, what was proven."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from migration_ops.management.results import as_json
from migration_ops.projection.reasons import REMEDIES, QuarantineReason
from quotepro.demo.story import Told

FIGURES = (
    ("legacy rows in", "rows"), ("migrated", "migrated"), ("quarantined", "quarantined"), ("pending", "pending"),
    ("customers", "customers"), ("leads", "leads"), ("quotes", "quotes"), ("line items", "quote_items"),
    ("jobs", "jobs"), ("invoices", "invoices"), ("payments", "payments"),
)  # fmt: skip
MONEY = (("money quoted", "quote_total"), ("money paid", "paid_total"))


def page(told: Sequence[Told]) -> RenderableType:
    """The whole summary."""
    return Group(_in_and_out(told), _waiting(told), _proof(told), _closing(told))


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def _in_and_out(told: Sequence[Told]) -> Table:
    summaries = [each.migrated.summary for each in told]
    table = _table("What came in, and what came out")
    table.add_column("")
    for summary in summaries:
        table.add_column(summary.company.name, justify="right")
    table.add_column("all", justify="right", style="bold")
    for figures, shape in ((FIGURES, "{:,}"), (MONEY, "{:,.2f}")):
        for title, name in figures:
            values = [getattr(summary, name) for summary in summaries]
            table.add_row(title, *(shape.format(value) for value in (*values, sum(values))))
            if name in ("rows", "pending", "payments"):
                table.add_section()
    return table


def _waiting(told: Sequence[Told]) -> RenderableType:
    groups: dict[str, list[Any]] = {}
    for each in told:
        for group in each.migrated.summary.quarantine:
            groups.setdefault(group.reason, []).append(group)
    if not groups:
        return Text("Nothing is quarantined.\n")
    table = _table("What is quarantined, and why (kept whole, nothing guessed)")
    table.add_column("rows", justify="right")
    table.add_column("reason, and what to do")
    table.add_column("for example", max_width=36, overflow="ellipsis", no_wrap=True)
    for code, found in sorted(groups.items(), key=lambda item: -sum(group.rows for group in item[1])):
        reason = QuarantineReason(code)
        table.add_row(
            f"{sum(group.rows for group in found):,}",
            Text.assemble(reason.label, "\n", (f"→ {REMEDIES[reason]}", "dim")),
            Text(f"{found[0].field} = {found[0].original}"),
        )  # fmt: skip
    return table


def _proof(told: Sequence[Told]) -> Table:
    table = _table("What was proven, row by row")
    table.add_column("company")
    for depth in told[0].report.depths:
        table.add_column(str(depth.depth), justify="center")
    table.add_column("rows compared", justify="right")
    for each in told:
        marks = [
            Text("passed", style="green") if depth.passed else Text("FAILED", style="bold red")
            for depth in each.report.depths
        ]
        table.add_row(each.migrated.summary.company.name, *marks, f"{each.report.rows_checked:,}")
    return table


def _closing(told: Sequence[Told]) -> Panel:
    summaries = [each.migrated.summary for each in told]
    rows = sum(summary.rows for summary in summaries)
    migrated = sum(summary.migrated for summary in summaries)
    waiting = sum(summary.quarantined for summary in summaries)
    pending = sum(summary.pending for summary in summaries)
    alike = sum(each.searched.groups for each in told)
    cases = sum(each.cases for each in told)
    is_proven = all(each.report.passed for each in told)
    lines = [
        f"{rows:,} legacy rows = {migrated:,} migrated + {waiting:,} quarantined + {pending:,} pending.",
        "Every migrated row was rebuilt from the new tables and is identical, column by column."
        if is_proven
        else "The proof FAILED: see manage.py validate_migration --all",
        f"Customers that look alike were kept apart. For a person to decide, in the admin: {_count(cases, 'case')}.",
        f"Surely one, for manage.py find_duplicates --all --merge: {_count(alike, 'group')}.",
    ]
    return Panel("\n".join(lines), border_style="green" if is_proven and not pending else "red", expand=False)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def summary_json(told: Sequence[Told]) -> dict[str, Any]:
    """The same as plain values."""
    companies = [
        as_json(each.migrated)
        | {"passed": each.report.passed, "rows_checked": each.report.rows_checked, "cases": each.cases}
        for each in told
    ]
    return {
        "passed": all(each.report.passed for each in told),
        **{
            name: sum(company[name] for company in companies)
            for name in ("rows", "migrated", "quarantined", "pending", "customers", "leads", "quotes", "payments")
        },
        "companies": companies,
    }

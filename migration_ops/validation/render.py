"""A validation's outcome for people and for programs."""

from collections.abc import Iterable, Sequence
from typing import Any

from migration_ops.validation.report import Check, DepthReport, Difference, Report

FIRST = 10
"""Differences of a depth that the readable output shows."""

VALUE_WIDTH = 60


def as_json(reports: Sequence[Report], *, is_single: bool) -> dict[str, Any]:
    """One company's outcome; with several the sums, and a list of theirs."""
    companies = [_company(report) for report in reports]
    if is_single:
        return companies[0]
    return {
        "company": "all",
        "passed": bool(reports) and all(report.passed for report in reports),
        "depths": sorted({depth.depth for report in reports for depth in report.depths}),
        "checks": _summed(reports),
        **{name: sum(each[name] for each in companies) for name in ("missing", "extra", "mismatched", "rows_checked")},
        "seconds": round(sum(report.seconds for report in reports), 3),
        "companies": companies,
    }


def _company(report: Report) -> dict[str, Any]:
    return {
        "company": report.company,
        "name": report.company_name,
        "passed": report.passed,
        "depths": [depth.depth for depth in report.depths],
        "checks": [_check(check) for check in report.checks],
        "missing": report.missing,
        "extra": report.extra,
        "mismatched": report.mismatched,
        "rows_checked": report.rows_checked,
        "seconds": round(report.seconds, 3),
        "verdicts": {
            depth.depth: {
                "passed": depth.passed,
                "rows_expected": depth.rows_expected,
                "rows_checked": depth.rows_checked,
                "missing": depth.missing,
                "extra": depth.extra,
                "mismatched": depth.mismatched,
                "seconds": round(depth.seconds, 3),
                "differences": [_difference(each) for each in depth.differences[:FIRST]],
            }
            for depth in report.depths
        },
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "depth": check.depth,
        "expected": check.expected,
        "found": check.found,
        "passed": check.passed,
    }


def _difference(difference: Difference) -> dict[str, Any]:
    return {
        "kind": difference.kind.value,
        "table": difference.table,
        "row_id": str(difference.row_id),
        "legacy_id": str(difference.legacy_id) if difference.legacy_id else None,
        "column": difference.column,
        "expected": difference.expected,
        "found": difference.found,
    }


def _summed(reports: Iterable[Report]) -> list[dict[str, Any]]:
    """For each check the companies it was made for, and those it passed for."""
    made: dict[tuple[str, str], list[bool]] = {}
    for report in reports:
        for check in report.checks:
            made.setdefault((check.depth, check.name), []).append(check.passed)
    return [
        {"name": name, "depth": depth, "expected": len(passed), "found": sum(passed), "passed": all(passed)}
        for (depth, name), passed in made.items()
    ]


def as_text(reports: Sequence[Report]) -> str:
    """A table of checks by depth for each company; where one failed, the first differences."""
    return "\n\n".join(_text(report) for report in reports) or "No company has legacy rows or migrated rows."


def _text(report: Report) -> str:
    lines = [
        f"{report.company_name} ({report.company}): {'passed' if report.passed else 'FAILED'}; "
        f"{report.rows_checked:,} rows compared in {report.seconds:.1f} s, "
        f"{report.missing:,} missing, {report.extra:,} extra, {report.mismatched:,} different"
    ]
    for depth in report.depths:
        lines.append(f"  {depth.depth}: {'passed' if depth.passed else 'FAILED'} in {depth.seconds:.1f} s")
        lines += [_line(check) for check in depth.checks]
        if depth.differences:
            lines += _differences(depth)
    return "\n".join(lines)


def _line(check: Check) -> str:
    mark = "     " if check.expected is None else "ok   " if check.passed else "FAIL "
    if check.expected is None:
        return f"    {mark}{check.name}: {_shown(check.found)}"
    if check.passed:
        return f"    {mark}{check.name}: {_shown(check.found)}"
    return f"    {mark}{check.name}: expected {_shown(check.expected)}, found {_shown(check.found)}"


def _shown(value: int | str | None) -> str:
    return f"{value:,}" if isinstance(value, int) else value or "none"


def _differences(depth: DepthReport) -> Iterable[str]:
    total = depth.missing + depth.extra + depth.mismatched
    yield f"    differences, the first {min(FIRST, len(depth.differences))} (of {total:,} rows):"
    for each in depth.differences[:FIRST]:
        place = f"{each.table} {each.row_id}"
        legacy = f", legacy {each.legacy_id}" if each.legacy_id and each.legacy_id != each.row_id else ""
        if each.column:
            yield f"      {place}{legacy}, {each.column}: expected {_value(each.expected)}, found {_value(each.found)}"
        else:
            yield f"      {place}{legacy}: {each.kind.label}"


def _value(value: str | None) -> str:
    if value is None:
        return "NULL"
    # repr shows what a terminal would swallow or obey: blanks at the ends, control characters.
    return repr(value if len(value) <= VALUE_WIDTH else value[:VALUE_WIDTH] + "…")

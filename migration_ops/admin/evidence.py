"""Evidence as people read it: JSON, checks, weights, flags."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crm.admin.columns import badge, badges
from migration_ops.projection.reasons import Flag
from migration_ops.quarantine.values import ALIASES, Place

FLAG_WORDS = dict(Flag.choices)
SHOWN_FLAGS = 3
MOST_SHOWN = 5_000
"""Characters of one value that a page shows."""


def flag_words(flag: str) -> str:
    """What a flag means; one of a contact in its own words."""
    return str(FLAG_WORDS.get(flag, flag.replace("_", " ").capitalize()))


def flags_in_short(flags: list[str]) -> SafeString | None:
    """The first flags as labels, and how many more there are."""
    more = [(f"+{len(flags) - SHOWN_FLAGS}", "")] if len(flags) > SHOWN_FLAGS else []
    return badges([*((flag.replace("_", " "), "warning") for flag in flags[:SHOWN_FLAGS]), *more])


def flags_in_words(flags: list[str]) -> SafeString | None:
    """Every flag with its meaning, a line each."""
    lines = format_html_join(
        "", "<li>{} {}</li>", ((badge(flag.replace("_", " "), "warning"), flag_words(flag)) for flag in flags)
    )
    return format_html('<ul class="qp-lines">{}</ul>', lines) if flags else None


def indented(recorded: str) -> SafeString:
    """JSON with a line for each value, its numbers as recorded; as it stands where it is nested too deeply."""
    try:
        shown = _lines(_read(recorded))
    except RecursionError:
        shown = recorded
    return format_html('<pre class="qp-json">{}</pre>', shown)


def source_row(recorded: str) -> SafeString:
    """A whole legacy row as a table; columns that are NULL are named together at the end."""
    try:
        columns: dict[str, Any] = _read(recorded)
    except RecursionError:
        return indented(recorded)
    filled = [(name, _cell(value)) for name, value in columns.items() if value is not None]
    empty = ", ".join(name for name, value in columns.items() if value is None)
    rows = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", filled)
    rest = format_html("<tr><th>NULL</th><td>{}</td></tr>", empty) if empty else ""
    return format_html('<table class="qp-table">{}{}</table>', rows, rest)


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """A column of a legacy row, or a line item: `fails` where the finding is."""

    name: str
    value: SafeString | None
    fails: bool


def source_lines(columns: Mapping[str, str | None], items: Any, failing: Place | None) -> list[SourceLine]:
    """A whole legacy row, line by line, with a line for each line item.

    Args:
        columns: each column as text.
        items: the line items, read; None where they cannot be.
        failing: the Place of the finding, or None.
    """
    lines = []
    for name, value in columns.items():
        fails = failing is not None and failing.column == name
        if name == "items" and isinstance(items, list) and items:
            for number, item in enumerate(items, start=1):
                is_it = failing is not None and fails and failing.item in (None, number)
                lines.append(
                    SourceLine(name=f"items[{number}]", value=_item(item, failing if is_it else None), fails=is_it)
                )
        else:
            shown = None if value is None else format_html('<bdi class="qp-text">{}</bdi>', value[:MOST_SHOWN])
            lines.append(SourceLine(name=name, value=shown, fails=fails))
    return lines


def _item(item: Any, failing: Place | None) -> SafeString:
    """A line item as it is recorded, with the failing key marked."""
    if not isinstance(item, dict):
        return format_html('<pre class="qp-json">{}</pre>', _lines(item)[:MOST_SHOWN])
    key = failing.key if failing is not None else ""
    wrong = next((name for name in ALIASES.get(key, ()) if name in item), key)
    parts = format_html_join(
        "\n", "{}{}: {}{}",
        (
            ("\u25b6 " if name == wrong else "  ", name, _lines(value)[:MOST_SHOWN],
             format_html(" <mark>{}</mark>", "fails") if name == wrong else "")
            for name, value in item.items()
        ),
    )  # fmt: skip
    return format_html('<pre class="qp-json">{}</pre>', parts)


def as_text(value: Any) -> str:
    """JSON with its numbers as recorded."""
    return _lines(value)


def _cell(value: Any) -> SafeString:
    if isinstance(value, dict | list):
        return format_html('<pre class="qp-json">{}</pre>', _lines(value))
    return format_html('<bdi class="qp-text">{}</bdi>', value)


def _read(recorded: str) -> Any:
    return json.loads(recorded, parse_float=Decimal)


def _lines(value: Any, indent: str = "") -> str:
    # json.dumps would make 319.00 a float, and show 319.0.
    inner = indent + "  "
    if isinstance(value, dict) and value:
        pairs = (f"{inner}{json.dumps(key, ensure_ascii=False)}: {_lines(part, inner)}" for key, part in value.items())
        return "{\n" + ",\n".join(pairs) + f"\n{indent}}}"
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(inner + _lines(part, inner) for part in value) + f"\n{indent}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


def checks_table(checks: list[dict[str, Any]]) -> SafeString | None:
    """The checks of a verdict: name, expected, found, outcome."""
    head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>", "Check", "Expected", "Found", "Outcome")
    rows = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        (
            (check.get("name", ""), _figure(check.get("expected")), _figure(check.get("found")), _outcome(check))
            for check in checks
        ),
    )
    return format_html('<table class="qp-table">{}{}</table>', head, rows) if checks else None


def _outcome(check: dict[str, Any]) -> SafeString:
    return badge("passed", "success") if check.get("passed") else badge("failed", "danger")


def _figure(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return "–" if value in (None, "") else str(value)


def weights_table(evidence: list[dict[str, Any]]) -> SafeString | None:
    """What speaks for and against one customer, the heaviest first; weights in bits."""
    rows = format_html_join(
        "",
        '<tr><td class="qp-number">{}</td><td>{}</td><td>{}</td></tr>',
        ((f"{float(item.get('weight', 0)):+g}", _side(item), item.get("text", "")) for item in evidence),
    )
    return format_html('<table class="qp-table">{}</table>', rows) if evidence else None


def _side(item: dict[str, Any]) -> SafeString:
    weight = float(item.get("weight", 0))
    if weight == 0:
        return badge("neutral")
    return badge("for", "success") if weight > 0 else badge("against", "danger")

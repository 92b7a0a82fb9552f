"""Evidence as people read it: JSON, checks, weights, flags."""

import json
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from crm.admin.columns import badge, badges
from migration_ops.projection.reasons import Flag

FLAG_WORDS = dict(Flag.choices)
SHOWN_FLAGS = 3


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

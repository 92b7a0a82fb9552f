"""Cells of a CSV file that a spreadsheet does not take for formulas (pure)."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

_BEGINS = re.compile(r"[\s'\"]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# A spreadsheet set to another separator begins a cell after it, whatever is quoted.
_INSIDE = re.compile(r"([;\t\r\n][\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
_NUMBER = re.compile(r"-?\d{1,60}(\.\d{1,60})?", re.ASCII)


class _Echo:
    def write(self, line: str) -> str:
        """What the writer made, handed on."""
        return line


def cell(value: Any) -> str:
    """One value as a cell. Numbers stay numbers, also those recorded as text; other texts get an apostrophe where a
    spreadsheet would begin to calculate."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
    text = text.replace("\x00", "")
    if _NUMBER.fullmatch(text):
        return text
    text = _INSIDE.sub(r"\1'", text)
    return f"'{text}" if _BEGINS.match(text) else text


def lines(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """A CSV file line by line, every cell quoted; nothing is gathered."""
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    yield writer.writerow([cell(each) for each in head])
    for row in rows:
        yield writer.writerow([cell(each) for each in row])

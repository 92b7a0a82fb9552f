"""Where in a legacy row a finding is, and what a person's text becomes there (pure)."""

import json
import re
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from legacy.models import REQUIRED_COLUMNS, LegacyQuote
from migration_ops.exceptions import CorrectionRefused

FIXED = ("id", "company_id")
"""Columns nobody corrects: they say whose row it is."""
_COLUMNS = {field.column: field for field in LegacyQuote._meta.concrete_fields}
CORRECTABLE = tuple(str(column) for column in _COLUMNS if column not in FIXED)
# The names under which the number of an item may be recorded, in the order in which they are read.
ALIASES = {"quantity": ("quantity", "qty"), "unit_price": ("unit_price", "unitPrice", "price"), "total": ("total",)}
_PLACE = re.compile(r"([a-z_]+)(?:\[(\d{1,6})\](?:\.([a-z_]+))?)?", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,40}(\.\d{1,40})?", re.ASCII)
_SOME_TIME, _SOME_NUMBER = "2026-03-01 09:30+00:00", "1200.50"
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A column; a number of a line item, where `item` (from 1) and `key` are given."""

    column: str
    item: int | None = None
    key: str = ""

    def __str__(self) -> str:
        if self.item is None:
            return self.column
        return f"{self.column}[{self.item}]" + (f".{self.key}" if self.key else "")

    @property
    def in_words(self) -> str:
        """As people say it."""
        words = self.column.replace("_", " ").capitalize()
        if self.item is None:
            return words
        return f"{words}, line {self.item}" + (f", {self.key.replace('_', ' ')}" if self.key else "")


def place_of(field: str) -> Place | None:
    """The place a finding's field names; None where it is about no column, or about one nobody corrects."""
    found = _PLACE.fullmatch(field)
    if not found or found[1] not in CORRECTABLE or (found[2] and found[1] != "items"):
        return None
    if found[3] and found[3] not in ALIASES:
        return None
    return Place(column=found[1], item=int(found[2]) if found[2] else None, key=found[3] or "")


def hint(place: Place) -> str:
    """How a value of the place is written, and what leaving it empty means."""
    field = _COLUMNS[place.column]
    if place.key or isinstance(field, models.DecimalField):
        how = f"a number such as {_SOME_NUMBER}"
    elif isinstance(field, models.DateTimeField):
        how = f"a time such as {_SOME_TIME}"
    elif isinstance(field, models.JSONField):
        how = 'JSON such as [{"name": "Roof", "quantity": 1, "unit_price": 1200.50}]' if place.item is None else "JSON"
    else:
        how = "a text"
    return how if place.column in REQUIRED_COLUMNS or (place.item and not place.key) else f"{how}; empty: no value"


def corrected(place: Place, text: str, items: Any) -> Any:
    """The new value of the place's column.

    Args:
        text: what the person wrote; blank for no value.
        items: the line items as they are now, numbers as Decimal; read only where the place is one of them.
    Raises:
        CorrectionRefused: the text is no value of that column.
    """
    if place.item is None:
        return read_column(place.column, text)
    if not isinstance(items, list) or not 1 <= place.item <= len(items):
        raise CorrectionRefused(why=f"the row has no line item {place.item} any more; open it again")
    new = deepcopy(items)
    if not place.key:
        new[place.item - 1] = _json(place.in_words, text)
        return new
    item = new[place.item - 1]
    if not isinstance(item, dict):
        raise CorrectionRefused(why=f"line item {place.item} is no object any more; open the row again")
    name = next((name for name in ALIASES[place.key] if name in item), place.key)
    item[name] = _number(place.in_words, text)
    return new


def read_column(column: str, text: str) -> Any:
    """A text as a value of a column of the legacy table.

    Raises:
        CorrectionRefused: it is none.
    """
    field, words = _COLUMNS[column], column.replace("_", " ")
    if _NO_TEXT.search(text):
        raise CorrectionRefused(why=f"{words}: signs that no text of the database can hold; write it anew")
    blank = not text.strip()
    if blank and not isinstance(field, models.TextField):
        if column in REQUIRED_COLUMNS:
            raise CorrectionRefused(why=f"{words} cannot be empty; give a time such as {_SOME_TIME}")
        return None
    if isinstance(field, models.JSONField):
        return _json(words, text)
    if isinstance(field, models.DecimalField):
        return _number(words, text)
    if isinstance(field, models.DateTimeField):
        return _time(words, text)
    if isinstance(field, models.UUIDField):
        try:
            return UUID(text.strip())
        except ValueError as error:
            raise CorrectionRefused(why=f"{words}: {text[:40]!r} is no id") from error
    return text if text else None


def read_items(recorded: str | None) -> Any:
    """JSON with every number exact; None where it is nested too deeply to be read."""
    try:
        return None if recorded is None else json.loads(recorded, parse_float=Decimal, parse_int=Decimal)
    except RecursionError:
        return None


def _number(words: str, text: str) -> Decimal | None:
    plain = text.strip()
    if not plain:
        return None
    if not _NUMBER.fullmatch(plain):
        raise CorrectionRefused(
            why=f"{words}: {text[:40]!r} is not written plainly; write a number such as {_SOME_NUMBER}"
        )
    return Decimal(plain)


def _time(words: str, text: str) -> Any:
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        moment = None
    if moment is None:
        raise CorrectionRefused(why=f"{words}: {text[:40]!r} is no time; write one such as {_SOME_TIME}")
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _json(words: str, text: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no number")

    try:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise CorrectionRefused(why=f"{words}: that is no JSON ({why})") from error

"""What is different between two rows of API v1, down to the field (pure)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from migration_ops.models.shadow import Rule

TEXT_LIMIT = 2_000
FIELD_LIMIT = 128
_ID = re.compile(r'\{"id":"([0-9a-f-]{36})"')


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field of an object (a row's id, or a page) in which the sides differ; values as text, None for JSON null."""

    object: str
    field: str
    rule: Rule
    legacy: str | None = None
    new: str | None = None


class _Number(str):
    """A number as recorded: no digit is lost."""


_ABSENT = object()


def id_of(row: str) -> str:
    """The id of a row, given as API v1 gives it."""
    found = _ID.match(row)
    if found is None:
        raise ValueError(f"no row of API v1: {row[:40]!r}")
    return found.group(1)


def row_differences(id: str, legacy: str, new: str) -> list[Difference]:
    """Every field in which two rows differ, once for each way; empty for equal texts only."""
    if legacy == new:
        return []
    try:
        found = list(_walk("", _read(legacy), _read(new)))
    except RecursionError:
        found = [("", Rule.VALUE, legacy, new)]
    # Equal by value and field by field, but not the same bytes: an order of keys.
    found = found or [("", Rule.FORM, legacy, new)]
    first: dict[tuple[str, Rule], Difference] = {}
    for field, rule, one, other in found:
        field = field[:FIELD_LIMIT]
        first.setdefault(
            (field, rule),
            Difference(object=id, field=field, rule=rule, legacy=_text(one), new=_text(other)),
        )
    return list(first.values())


def _read(row: str) -> Any:
    return json.loads(row, parse_int=_Number, parse_float=_Number, parse_constant=_Number)


def _walk(path: str, legacy: Any, new: Any) -> Iterator[tuple[str, Rule, Any, Any]]:
    if legacy is _ABSENT or new is _ABSENT:
        yield path, Rule.EXTRA if legacy is _ABSENT else Rule.MISSING, legacy, new
    elif type(legacy) is not type(new):
        yield path, Rule.TYPE, legacy, new
    elif isinstance(legacy, dict):
        for key in dict.fromkeys([*legacy, *new]):
            name = key.replace("\x00", "")
            yield from _walk(f"{path}.{name}" if path else name, legacy.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(legacy, list) and len(legacy) == len(new):
        for one, other in zip(legacy, new, strict=True):
            yield from _walk(f"{path}[]", one, other)
    elif legacy != new:
        yield path, Rule.FORM if _is_same_number(legacy, new) else Rule.VALUE, legacy, new


def _is_same_number(legacy: Any, new: Any) -> bool:
    try:
        return isinstance(legacy, _Number) and Decimal(legacy) == Decimal(new)
    except InvalidOperation:
        return False


def _text(value: Any) -> str | None:
    if value is None or value is _ABSENT:
        return None
    # PostgreSQL stores no NUL; JSON may spell one.
    return _json(value).replace("\x00", "\\u0000")[:TEXT_LIMIT]


def _json(value: Any, *, is_inside: bool = False) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {_json(v, is_inside=True)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_json(each, is_inside=True) for each in value) + "]"
    if isinstance(value, str) and (not is_inside or isinstance(value, _Number)):
        return str(value)
    return json.dumps(value, ensure_ascii=False)

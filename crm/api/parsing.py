"""Bodies read strictly: exact numbers, no key twice, nothing a text column cannot hold."""

import json
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from ninja.parser import Parser

from crm.api.problems import Refused

MOST_DIGITS = 100


def read_json(body: bytes) -> Any:
    """The value of a JSON text; numbers with a point are Decimals.

    Raises:
        Refused: 400 with what is wrong.
    """
    try:
        value = json.loads(
            body.decode("utf-8"), parse_float=_number, parse_int=_integer, parse_constant=_constant,
            object_pairs_hook=_object,
        )  # fmt: skip
        _check(value)
    except RecursionError as error:
        raise Refused(400, "The JSON is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise Refused(400, "The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise Refused(400, f"The body is no JSON: {error.msg} at character {error.pos}.") from error
    return value


class StrictParser(Parser):
    """Ninja's parser with these rules."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The request's JSON."""
        return read_json(request.body)


def _number(text: str) -> Decimal:
    if len(text) > MOST_DIGITS:
        raise Refused(400, "A number is longer than 100 characters.")
    return Decimal(text)


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= 18 else _number(text)


def _constant(text: str) -> None:
    raise Refused(400, f"{text} is no JSON number.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused(400, "An object has the same key twice.")
    return found


def _check(value: Any) -> None:
    """Texts that neither UTF-8 nor a text column can hold."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise Refused(400, "A text holds a NUL or half a surrogate pair.")
    elif isinstance(value, list):
        for each in value:
            _check(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check(key)
            _check(each)

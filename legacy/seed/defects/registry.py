"""What a defect is, and the closed list of them."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Literal

# What a row must be for a defect to show on it.
Needs = Literal["any", "name", "email", "phone", "lead", "quote", "sent", "job", "done", "invoice", "paid", "twin"]
Apply = Callable[["DirtyRow"], None]


@dataclass(frozen=True, kw_only=True)
class Defect:
    """One way in which legacy rows go wrong.

    Attributes:
        name: unique; what tests and reports call it.
        case: the line of the list of dirty inputs it stands for.
        columns: the columns it changes or depends on; two defects of one row never share one.
        needs: the rows it can be put on.
        quarantine: the reason code when the row cannot be represented, else empty.
        is_rare: seldom drawn, because a row with it is set aside or large.
    """

    name: str
    case: int
    columns: tuple[str, ...]
    needs: Needs
    quarantine: str
    is_rare: bool
    apply: Apply


DEFECTS: dict[str, Defect] = {}


def defect(
    case: int, columns: str, *, needs: Needs = "any", quarantine: str = "", is_large: bool = False
) -> Callable[[Apply], Apply]:
    """Register the decorated function under its name; ``columns`` are separated by blanks."""

    def register(apply: Apply) -> Apply:
        name = apply.__name__
        assert name not in DEFECTS, name
        DEFECTS[name] = Defect(
            name=name,
            case=case,
            columns=tuple(columns.split()),
            needs=needs,
            quarantine=quarantine,
            is_rare=bool(quarantine) or is_large,
            apply=apply,
        )
        return apply

    return register


def set_to(column: str, *choices: str | None) -> Apply:
    """A defect that puts one of ``choices`` into the column."""

    def apply(row: "DirtyRow") -> None:
        row.values[column] = row.pick(choices)

    return apply


def define(name: str, case: int, column: str, *choices: str | None, needs: Needs = "any", quarantine: str = "") -> None:
    """Register a defect that puts one of ``choices`` into one column."""
    apply = set_to(column, *choices)
    apply.__name__ = name
    defect(case, column, needs=needs, quarantine=quarantine)(apply)


@dataclass(slots=True)
class DirtyRow:
    """A clean row on its way to become a dirty one.

    Attributes:
        values: column to text, None for NULL.
        items: the line items as JSON texts; `write_items` puts them back into ``values``.
        random: the source of every draw.
        twin: the row before it, unless that is for quarantine; NULL as in COPY. None for the first.
        defects: names of the defects it has got so far.
    """

    values: dict[str, str | None]
    items: list[str]
    random: Random
    twin: list[str] | None
    defects: list[str] = field(default_factory=list)

    def pick(self, choices: "Sequence[str | None]") -> str | None:
        """One of the choices."""
        return choices[int(self.random.random() * len(choices))]

    def text(self, column: str) -> str:
        """The text of a column, empty for NULL."""
        return self.values[column] or ""

    def write_items(self) -> None:
        """Put the line items back as a JSON array."""
        self.values["items"] = f"[{','.join(self.items)}]"

    def set_item(self, key: str, literal: str | None, *, index: int = 0) -> None:
        """Give one line item another JSON literal under ``key``, or take the key away (None)."""
        found = _member(key).search(self.items[index])
        assert found, f"{key} in {self.items[index]}"
        text = self.items[index]
        if literal is None:
            changed = text[: found.start()] + text[found.end() :]
            changed = changed.replace("{,", "{", 1)
        else:
            changed = text[: found.start(2)] + literal + text[found.end(2) :]
        self.items[index] = changed
        self.write_items()

    def item_literal(self, key: str, *, index: int = 0) -> str:
        """The JSON literal a line item has under ``key``."""
        found = _member(key).search(self.items[index])
        assert found, f"{key} in {self.items[index]}"
        return found.group(2)


_MEMBERS: dict[str, re.Pattern[str]] = {}


def _member(key: str) -> re.Pattern[str]:
    """Matches ``,"key":literal`` (the comma only after another member) in a flat JSON object."""
    if key not in _MEMBERS:
        _MEMBERS[key] = re.compile(rf'(,?)"{key}":("(?:[^"\\]|\\.)*"|[^,}}]+)')
    return _MEMBERS[key]


def decomposed(text: str) -> str:
    """Accents as combining characters of their own."""
    return unicodedata.normalize("NFD", text)

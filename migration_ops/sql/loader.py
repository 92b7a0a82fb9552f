"""Reads named blocks out of .sql files.

A block begins with ``-- name: <name>``; header lines of the form ``-- key: value`` follow and
describe it (params, locks, index, columns). The text is used as it stands.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import LiteralString

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True, kw_only=True)
class Block:
    """One named statement: its header and its text."""

    name: str
    header: dict[str, str]
    sql: LiteralString

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns the block's SELECT yields, in order (from its ``columns`` header)."""
        return tuple(column.strip() for column in self.header["columns"].split(","))


@cache
def blocks(file: str) -> dict[str, Block]:
    """All blocks of one file below this folder, by name, in file order."""
    found: dict[str, Block] = {}
    for part in (FOLDER / file).read_text().split("-- name: ")[1:]:
        name, _, rest = part.partition("\n")
        header: dict[str, str] = {}
        lines = rest.splitlines()
        key = ""
        while lines and lines[0].startswith("--"):
            line = lines.pop(0)[2:].strip()
            before, colon, after = line.partition(":")
            if colon and before.isidentifier() and before.islower():
                key, header[before] = before, after.strip()
            elif key:
                header[key] += " " + line
        found[name.strip()] = Block(name=name.strip(), header=header, sql="\n".join(lines).strip().rstrip(";"))
    return found


def block(file: str, name: str) -> Block:
    """One block; KeyError names the missing one."""
    return blocks(file)[name]


def text(file: str) -> str:
    """A whole file, for schema migrations."""
    return (FOLDER / file).read_text()

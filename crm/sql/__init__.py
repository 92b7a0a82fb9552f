"""Reads the statements of this folder: a file each, or named blocks (``-- name: <name>``) of one file."""

from functools import cache
from pathlib import Path
from typing import LiteralString

FOLDER = Path(__file__).resolve().parent


@cache
def statement(name: str) -> LiteralString:
    """The text of ``<name>.sql`` in this folder.

    Raises:
        FileNotFoundError: there is no such file.
    """
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def blocks(file: str) -> dict[str, LiteralString]:
    """All blocks of ``<file>.sql`` by name, in file order."""
    found: dict[str, LiteralString] = {}
    for part in statement(file).split("-- name: ")[1:]:
        name, _, text = part.partition("\n")
        found[name.strip()] = text.strip().rstrip(";")
    return found


def block(file: str, name: str) -> LiteralString:
    """One block; KeyError names the missing one."""
    return blocks(file)[name]

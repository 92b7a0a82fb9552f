"""Reads the statements of this folder."""

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

"""A CSV file of legacy rows as bytes, blocks and numbered rows; knows nothing of the database."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .exceptions import LoadRefused
from .models import COLUMNS, REQUIRED_COLUMNS

BLOCK_BYTES = 1 << 18
HEADER_BYTES = 1 << 16
GZIP_MAGIC = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, kw_only=True)
class CsvSource:
    """A readable file with a good header.

    Attributes:
        path: as the user gave it.
        columns: of the header, in file order.
        size: bytes on disk.
        line_end: what ends the header, and so every row.
    """

    path: Path
    columns: tuple[str, ...]
    size: int
    line_end: str = "\n"

    @contextmanager
    def opened(self) -> "Iterator[OpenCsv]":
        """The file from its first byte.

        Raises:
            LoadRefused: it cannot be read to its end (while it is read).
        """
        with self.path.open("rb") as raw:
            try:
                yield OpenCsv(raw=raw, stream=_unpacked(raw, self.path))
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise LoadRefused(f"{self.path}: the gzip data is damaged ({error}). Copy the file again.") from error

    def numbered_rows(self) -> Iterator[tuple[int, int, list[str]]]:
        """Row number (from 1, without the header), its first line in the file, and its values."""
        csv.field_size_limit(1 << 30)
        with self.opened() as file:
            text = io.TextIOWrapper(file.stream, encoding="utf-8-sig", errors="replace", newline="")
            reader = csv.reader(text)
            next(reader)
            line = reader.line_num + 1
            for number, values in enumerate(reader, start=1):
                yield number, line, values
                line = reader.line_num + 1


@dataclass(frozen=True, kw_only=True)
class OpenCsv:
    """One pass through the file.

    Attributes:
        raw: the file on disk; its position is the progress.
        stream: the CSV bytes, unpacked.
    """

    raw: BinaryIO
    stream: BinaryIO

    def header(self) -> tuple[list[str], str, bytes]:
        """The names in the first line, what ends the line, and the bytes read beyond it."""
        block = self.stream.read(HEADER_BYTES).removeprefix(BOM)
        end = min((at for at in (block.find(b"\n"), block.find(b"\r")) if at >= 0), default=len(block))
        line_end = b"\r\n" if block.startswith(b"\r\n", end) else block[end : end + 1]
        names = next(csv.reader([block[:end].decode()]), [])
        return names, line_end.decode(), block[end + len(line_end) :]

    def body(self) -> Iterator[bytes]:
        """Everything after the header, in blocks."""
        yield self.header()[2]
        while block := self.stream.read(BLOCK_BYTES):
            yield block


def csv_source(path: Path) -> CsvSource:
    """Open the file once and judge its header.

    Raises:
        LoadRefused: no such file, a directory, unreadable, empty, not gzip, not UTF-8, or a header with an unknown,
            a missing or a repeated column.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise LoadRefused(f"{path}: there is no such file.") from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if not path.is_file():
        raise LoadRefused(f"{path}: not a file. Give a .csv or .csv.gz file.")
    if not size:
        raise LoadRefused(f"{path}: the file is empty. Its first line must name the columns.")
    source = CsvSource(path=path, columns=(), size=size)
    try:
        with source.opened() as file:
            names, line_end, _ = file.header()
    except UnicodeDecodeError as error:
        raise LoadRefused(
            f"{path}: the header is not UTF-8 (byte {error.start + 1}). Save the file as UTF-8."
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    except csv.Error as error:
        raise LoadRefused(f"{path}: the header cannot be read ({error}). Save the file as CSV.") from error
    _ensure_header(path, names)
    return CsvSource(path=path, columns=tuple(names), size=size, line_end=line_end)


def _unreadable(path: Path, error: OSError) -> LoadRefused:
    return LoadRefused(
        f"{path}: cannot be read ({error.strerror or error}). Correct the path, or let this user read it."
    )


def _unpacked(raw: BinaryIO, path: Path) -> BinaryIO:
    magic = raw.read(len(GZIP_MAGIC))
    raw.seek(0)
    if magic == GZIP_MAGIC:
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]
    if path.suffix == ".gz":
        raise LoadRefused(f"{path}: named .gz, but not gzip. Give the right file, or name it .csv.")
    return raw


def _ensure_header(path: Path, names: list[str]) -> None:
    if not any(names):
        raise LoadRefused(f"{path}: the first line is empty. It must name the columns.")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise LoadRefused(
            f"{path}: unknown column {_quoted(unknown)} in the header. The legacy columns are: {', '.join(COLUMNS)}."
        )
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise LoadRefused(f"{path}: column {_quoted(repeated)} is in the header more than once.")
    missing = [name for name in REQUIRED_COLUMNS if name not in names]
    if missing:
        raise LoadRefused(f"{path}: column {_quoted(missing)} is missing from the header; every row needs it.")


def _quoted(names: list[str]) -> str:
    return ", ".join(repr(name if len(name) <= 60 else name[:60] + "…") for name in names[:5])

"""Legacy rows from a CSV file, by COPY: all of them or none."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from .csv_source import CsvSource
from .exceptions import LoadRefused
from .selectors import ensure_no_drift
from .sql import statement

# Where PostgreSQL says it stopped, in whatever language it speaks: COPY table, line 7, column id: "…".
_CONTEXT = re.compile(r"COPY legacy_load, \S+ (\d+)(?:, \S+ (\w+))?")
# What ends the data for servers before 18, wherever in a file it stands alone on a line.
_END_MARK = re.compile(rb"[\r\n]\\\.")
_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What was loaded."""

    rows: int
    companies: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Rows loaded a second."""
        return self.rows / self.seconds if self.seconds else 0.0


def load(source: CsvSource, *, progress: Callable[[int], None] = lambda done_bytes: None) -> LoadReport:
    """Add every row of a CSV file (plain or gzip, UTF-8, with a header) to the legacy table, in one transaction.

    The header names legacy columns in any order; id, company_id, created_at and updated_at must be among them. An
    empty value without quotes is NULL. Memory does not grow with the file.

    Args:
        source: the file, its header judged.
        progress: told the bytes read so far, now and then.

    Raises:
        LoadRefused: one of its rows is no good; nothing was changed.
        LegacySchemaDrift: the table is not as the mirror says.
    """
    ensure_no_drift()
    started = perf_counter()
    columns = sql.SQL(", ").join(map(sql.Identifier, source.columns))
    try:
        with transaction.atomic():
            rows, companies = _load(source, columns, progress)
    except LoadRefused:
        raise
    except (psycopg.Error, DatabaseError) as error:
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        if not isinstance(cause, psycopg.Error) or cause.diag.message_primary is None:
            raise  # the connection broke: nothing of ours, nothing of the file's
        raise LoadRefused(_told(source, cause)) from error
    return LoadReport(rows=rows, companies=companies, seconds=perf_counter() - started)


def _load(source: CsvSource, columns: sql.Composed, progress: Callable[[int], None]) -> tuple[int, int]:
    copy_sql = sql.SQL("COPY legacy_load ({}) FROM STDIN WITH (FORMAT csv)").format(columns)
    has_end_mark, tail = False, b"\n"
    with connection.cursor() as cursor:
        cursor.execute(statement("load_table"))
        with source.opened() as file, cursor.cursor.copy(copy_sql) as copy:
            for block in file.body():
                copy.write(block)
                has_end_mark = has_end_mark or _END_MARK.search(tail + block) is not None
                tail = block[-2:]
                progress(file.raw.tell())
        rows = cursor.rowcount
        if has_end_mark:
            _ensure_read_to_the_end(source, rows)
        if not rows:
            raise LoadRefused(f"{source.path}: a header and no rows; nothing to load.")
        _ensure_new(source, cursor)
        cursor.execute(statement("load_company_count"))
        (companies,) = cursor.fetchone()
        cursor.execute(sql.SQL("INSERT INTO quotes ({0}) SELECT {0} FROM legacy_load").format(columns))
        cursor.execute(statement("load_table_drop"))
        cursor.execute(statement("analyze"))
    return rows, companies


def _ensure_read_to_the_end(source: CsvSource, rows: int) -> None:
    in_file = sum(1 for _ in source.numbered_rows())
    if in_file != rows:
        raise LoadRefused(
            f"{source.path}: row {rows + 1} is a lone \\. which the database takes for the end of {in_file} rows. "
            "Put it in quotes."
        )


def _ensure_new(source: CsvSource, cursor: CursorWrapper) -> None:
    cursor.execute(statement("load_duplicate_in_file"))
    repeated = cursor.fetchone()
    if repeated:
        numbers = [str(number) for number in _rows_with_id(source, repeated[0])]
        raise LoadRefused(f"{source.path}: rows {' and '.join(numbers)} have the same id {repeated[0]}.")
    cursor.execute(statement("load_duplicate_in_table"))
    known, count = cursor.fetchone()
    if count:
        number = next(_rows_with_id(source, known), 0)
        raise LoadRefused(
            f"{source.path}: row {number}: id {known} is in the table already (so are {count:,} rows of the file). "
            "Nothing was loaded; is this file loaded already?"
        )


def _rows_with_id(source: CsvSource, wanted: UUID) -> Iterator[int]:
    at = source.columns.index("id")
    return (number for number, _, values in source.numbered_rows() if UUID(values[at]) == wanted)


def _told(source: CsvSource, error: psycopg.Error) -> str:
    """The database's refusal as one line that names row, column and value as far as they are known."""
    message = error.diag.message_primary or ""
    found = _CONTEXT.search(error.diag.context or "")
    if not found:
        return f"{source.path}: the database refused the rows: {message}"
    column = found[2] or error.diag.column_name
    number, line, values = _row_at(source, int(found[1]))
    where = f"{source.path}: row {number} (line {line})"
    if column not in source.columns:
        return f"{where}: {message}"
    if isinstance(error, psycopg.errors.NotNullViolation):
        return f"{where}, column {column}: empty, and every row needs it"
    at = source.columns.index(column)
    value = values[at] if at < len(values) else ""
    shown = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return f"{where}, column {column}, value {shown!r}: {message}"


def _row_at(source: CsvSource, line: int) -> tuple[int, int, list[str]]:
    """The row that the database calls ``line``: it counts one a row, and one for each line break inside.

    Of the first row it does not count the breaks inside: it has not seen yet what ends a line.
    """
    counted, row = 0, (0, 0, [""])
    for row in source.numbered_rows():
        number, _, values = row
        counted += 1
        if number > 1:
            counted += sum(value.count(source.line_end[:1]) for value in values)
        if counted >= line:
            break
    return row

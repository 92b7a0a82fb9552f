"""Figures as drawings: where a bar begins and how long it is, in the units of an SVG's view box."""

from collections.abc import Sequence
from dataclasses import dataclass

from migration_ops.console.dashboard import Hour
from migration_ops.console.run import Cell

WIDTH, HEIGHT = 720.0, 120.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One hour: migrated rows from the bottom, those set aside above them."""

    x: str
    width: str
    migrated_y: str
    migrated_height: str
    aside_y: str
    aside_height: str
    words: str


def bars(hours: Sequence[Hour]) -> list[Bar]:
    """A bar an hour; the tallest fills the height."""
    most = max((hour.migrated + hour.quarantined for hour in hours), default=0) or 1
    step = WIDTH / max(len(hours), 1)
    drawn = []
    for place, hour in enumerate(hours):
        migrated, aside = (HEIGHT * count / most for count in (hour.migrated, hour.quarantined))
        drawn.append(
            Bar(
                x=f"{place * step + 1:.1f}", width=f"{step - 2:.1f}", migrated_y=f"{HEIGHT - migrated:.1f}",
                migrated_height=f"{migrated:.1f}", aside_y=f"{HEIGHT - migrated - aside:.1f}",
                aside_height=f"{aside:.1f}",
                words=f"{hour.at:%d %b %H:00} UTC: {hour.migrated:,} rows migrated, {hour.quarantined:,} set aside",
            )
        )  # fmt: skip
    return drawn


@dataclass(frozen=True, kw_only=True)
class Share:
    """One reason with its rows and its part of the longest one, per cent."""

    words: str
    rows: int
    percent: str
    url: str = ""


def shares(counted: Sequence[tuple[str, int, str]]) -> list[Share]:
    """(words, rows, URL) as bars beside each other; the longest fills the width."""
    most = max((rows for _, rows, _ in counted), default=0) or 1
    return [
        Share(words=words, rows=rows, percent=f"{max(1, round(100 * rows / most))}", url=url)
        for words, rows, url in counted
    ]


CELL_COLUMNS, CELL_SIZE = 60, 12


@dataclass(frozen=True, kw_only=True)
class Square:
    """Some batches on the map."""

    x: int
    y: int
    look: str
    words: str


def batch_map(cells: Sequence[Cell]) -> tuple[list[Square], int]:
    """Squares in rows of sixty, and the height of all of them."""
    looks = {"done": "qp-migrated", "begun": "qp-working", "again": "qp-again", "pending": "qp-pending"}
    squares = []
    for place, cell in enumerate(cells):
        row, column = divmod(place, CELL_COLUMNS)
        words = f"{cell.done} of {cell.batches} batches done, {cell.rows:,} rows, {cell.quarantined:,} set aside"
        squares.append(
            Square(
                x=column * CELL_SIZE, y=row * CELL_SIZE, look=looks[cell.state],
                words=f"{words}; {cell.error[:200]}" if cell.error else words,
            )
        )  # fmt: skip
    return squares, CELL_SIZE * -(-len(squares) // CELL_COLUMNS)

"""Two sides of each table for a chunk: what the projection says, and what the new tables hold.

The statements are composed from the projection's own blocks and sql/validation/; no column is named
here but those whose values need a canonical form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from psycopg import sql

from migration_ops import conf
from migration_ops.projection.project import TARGETS
from migration_ops.projection.reasons import CROSS_ROW_FLAGS
from migration_ops.sql.loader import Block, block, blocks
from migration_ops.validation.query import composed_rows
from migration_ops.validation.report import Difference, Kind, Tally

EXPECTED = "validation/expected.sql"
FOUND = "validation/found.sql"
Row = tuple[str, UUID, UUID]
TEXT_LIMIT = 2_000
"""Characters of a value that a difference shows."""

BUCKETS = 64
"""Parts a differing chunk is halved into at once, before its rows are compared."""

# Compared by value: 1.50 is 1.5. Anything else is compared as its text, which for every other type is exact.
NUMBERS = frozenset(
    {
        *("subtotal", "discount_amount", "tax_rate", "tax_amount", "total"),
        *("quantity", "unit_price", "amount_due", "amount_paid", "amount"),
    }
)
# Depend on who wrote the row and when, not on what it says; the last two grow with every later deal.
UNCOMPARED = frozenset(
    {"batch_id", "mapping_version", "phone_is_shared", "updated_at of customers", "last_used_at of addresses"}
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Comparable:
    """One table's rows of a chunk, from both sides, known by id."""

    name: str
    table: str
    columns: tuple[str, ...]
    expected: sql.Composable
    found: sql.Composable

    def row_text(self) -> sql.Composable:
        """The canonical text of a row: a composite's text keeps NULL, '' and the borders of columns apart."""
        return sql.SQL("ROW({})::text").format(sql.SQL(", ").join(_canonical(column) for column in self.columns))


def _canonical(column: str) -> sql.Composable:
    name = sql.Identifier(column)
    if column in NUMBERS:
        return sql.SQL("trim_scale({})").format(name)
    if column == "flags":
        return sql.SQL("ARRAY(SELECT f FROM unnest({}) AS f WHERE f <> ALL ({}::text[]) ORDER BY f)").format(
            name, sql.Literal([str(flag) for flag in CROSS_ROW_FLAGS])
        )
    return name


@cache
def comparables() -> tuple[Comparable, ...]:
    """Every table that is compared chunk by chunk."""
    made = [_projected(target.name, target.block, target.key) for target in TARGETS]
    made += [_recorded(name, each) for name, each in blocks(EXPECTED).items()]
    return tuple(made)


def _projected(name: str, projected: Block, key: str) -> Comparable:
    found = block(FOUND, name)
    columns = tuple(
        "id" if column == key else column
        for column in projected.columns
        if column not in UNCOMPARED and f"{column} of {name}" not in UNCOMPARED
    )
    # The block's columns have no names of their own everywhere, so they are given them here.
    names = sql.SQL(", ").join(map(sql.Identifier, projected.columns))
    shown = sql.SQL("b.*, {} AS legacy_id").format(sql.SQL(found.header["owner"]))
    expected = sql.SQL("SELECT {shown} FROM ({rows}) AS b({names}) {via}").format(
        shown=shown if key == "id" else sql.SQL("b.legacy_id AS id, b.*"),
        rows=sql.SQL(projected.sql),
        names=names,
        via=sql.SQL(found.header.get("via", "")),
    )
    return Comparable(
        name=name, table=found.header["table"], columns=columns, expected=expected, found=sql.SQL(found.sql)
    )


def _recorded(name: str, expected: Block) -> Comparable:
    found = block(FOUND, name)
    return Comparable(
        name=name,
        table=found.header["table"],
        columns=expected.columns,
        expected=sql.SQL(expected.sql),
        found=sql.SQL(found.sql),
    )


def record(
    tally: Tally, comparable: Comparable, rows: Sequence[Row], params: dict[str, Any], unplaced: Sequence[Difference]
) -> None:
    """Count rows that differ (kind, id, legacy id), and name what differs in as many as are kept.

    Rows of deals the projection could not place are left to the one difference that says so.
    """
    left_out = {difference.legacy_id for difference in unplaced}
    rows = [row for row in rows if row[2] not in left_out]
    for kind, _, legacy_id in rows:
        tally.counts[Kind(kind)] += 1
        tally.suspects.add(legacy_id)
    room = conf.MISMATCHES_KEPT - len(tally.differences)
    if rows and room > 0:
        tally.keep(_describe(comparable, rows[:room], params))


def record_unplaced(tally: Tally, unplaced: Sequence[Difference]) -> None:
    """Count deals the projection could not place: no contact or address says what the legacy row says."""
    for difference in unplaced:
        tally.counts[difference.kind] += 1
        tally.suspects.add(difference.row_id)
    tally.keep(unplaced)


def _describe(comparable: Comparable, rows: Sequence[Row], params: dict[str, Any]) -> list[Difference]:
    """Name what differs in these rows: one difference for each column, or for a whole row."""
    kinds = {id: (Kind(kind), legacy_id) for kind, id, legacy_id in rows}
    found = []
    for id, column, expected, value in composed_rows(_details(comparable), params | {"row_ids": list(kinds)}):
        kind, legacy_id = kinds[id]
        found.append(
            Difference(
                kind=kind,
                table=comparable.table,
                row_id=id,
                legacy_id=legacy_id,
                column=column,
                expected=expected,
                found=value,
            )
        )
    return found


@cache
def _details(comparable: Comparable) -> sql.Composable:
    columns = [
        sql.SQL("({name}, {expected}::text, {found}::text)").format(
            name=sql.Literal(column),
            expected=sql.SQL("(SELECT {} FROM (SELECT e.*) AS v)").format(_canonical(column)),
            found=sql.SQL("(SELECT {} FROM (SELECT f.*) AS v)").format(_canonical(column)),
        )
        for column in comparable.columns
        if column != "id"
    ]
    return sql.SQL(
        "SELECT coalesce(e.id, f.id), v.name, left(v.expected, {limit}), left(v.found, {limit})"
        "  FROM (SELECT * FROM ({expected}) AS x WHERE x.id = ANY (%(row_ids)s::uuid[])) AS e"
        "  FULL JOIN (SELECT * FROM ({found}) AS x WHERE x.id = ANY (%(row_ids)s::uuid[])) AS f ON f.id = e.id"
        " CROSS JOIN LATERAL ("
        "       SELECT c.name, c.expected, c.found FROM (VALUES {columns}) AS c(name, expected, found)"
        "        WHERE e.id IS NOT NULL AND f.id IS NOT NULL AND c.expected IS DISTINCT FROM c.found"
        "       UNION ALL"
        "       SELECT '', CASE WHEN e.id IS NOT NULL THEN to_jsonb(e)::text END,"
        "              CASE WHEN f.id IS NOT NULL THEN to_jsonb(f)::text END"
        "        WHERE e.id IS NULL OR f.id IS NULL) AS v"
        " ORDER BY 1, 2"
    ).format(
        limit=sql.Literal(TEXT_LIMIT),
        expected=comparable.expected,
        found=comparable.found,
        columns=sql.SQL(", ").join(columns),
    )


@cache
def differing_rows(comparable: Comparable) -> sql.Composable:
    """The statement that joins both sides and gives the rows that are not the same: kind, id, legacy id."""
    columns = [sql.SQL("{} AS {}").format(_canonical(c), sql.Identifier(c)) for c in comparable.columns if c != "id"]
    side = sql.SQL("SELECT s.id, s.legacy_id, {} FROM ({}) AS s")
    pairs = sql.SQL(" OR ").join(
        sql.SQL("e.{c}{text} IS DISTINCT FROM f.{c}{text}").format(
            c=sql.Identifier(c), text=sql.SQL("::text" if c == "residue" else "")
        )
        for c in comparable.columns
        if c != "id"
    )
    return sql.SQL(
        "SELECT CASE WHEN f.id IS NULL THEN 'missing' WHEN e.id IS NULL THEN 'extra' ELSE 'mismatched' END,"
        "       coalesce(e.id, f.id), coalesce(e.legacy_id, f.legacy_id)"
        "  FROM ({expected}) AS e FULL JOIN ({found}) AS f ON f.id = e.id"
        " WHERE e.id IS NULL OR f.id IS NULL OR {pairs}"
        " ORDER BY 2"
    ).format(
        expected=side.format(sql.SQL(", ").join(columns), comparable.expected),
        found=side.format(sql.SQL(", ").join(columns), comparable.found),
        pairs=pairs,
    )


@cache
def digests(comparable: Comparable, *, by_bucket: bool) -> sql.Composable:
    """The statement that gives the digests of both sides where they differ: bucket, and nothing else.

    A digest is the number of rows and, as order-independent 128 bits, two sums of the halves of each row's md5.
    """
    side = sql.SQL(
        "SELECT {bucket} AS bucket, count(*) AS rows, sum(('x' || left(r.digest, 16))::bit(64)::bigint) AS high,"
        "       sum(('x' || right(r.digest, 16))::bit(64)::bigint) AS low"
        "  FROM (SELECT s.id, md5({text}) AS digest FROM ({rows}) AS s) AS r {grouped}"
    )
    bucket = sql.SQL("uuid_hash(r.id) & {}").format(sql.Literal(BUCKETS - 1)) if by_bucket else sql.SQL("0")
    grouped = sql.SQL("GROUP BY 1" if by_bucket else "")
    expected, found = (
        side.format(bucket=bucket, grouped=grouped, text=comparable.row_text(), rows=rows)
        for rows in (comparable.expected, comparable.found)
    )
    return sql.SQL(
        "SELECT coalesce(e.bucket, f.bucket) FROM ({expected}) AS e FULL JOIN ({found}) AS f ON f.bucket = e.bucket"
        " WHERE (e.rows, e.high, e.low) IS DISTINCT FROM (f.rows, f.high, f.low)"
    ).format(expected=expected, found=found)


@cache
def differing_digests(comparable: Comparable) -> sql.Composable:
    """The statement that gives the rows of some buckets whose digests are not the same: kind, id, legacy id."""
    side = sql.SQL(
        "SELECT s.id, s.legacy_id, md5({text}) AS digest FROM ({rows}) AS s"
        " WHERE uuid_hash(s.id) & {mask} = ANY (%(buckets)s::integer[])"
    )
    expected, found = (
        side.format(text=comparable.row_text(), rows=rows, mask=sql.Literal(BUCKETS - 1))
        for rows in (comparable.expected, comparable.found)
    )
    return sql.SQL(
        "SELECT CASE WHEN f.id IS NULL THEN 'missing' WHEN e.id IS NULL THEN 'extra' ELSE 'mismatched' END,"
        "       coalesce(e.id, f.id), coalesce(e.legacy_id, f.legacy_id)"
        "  FROM ({expected}) AS e FULL JOIN ({found}) AS f ON f.id = e.id"
        " WHERE e.digest IS DISTINCT FROM f.digest"
        " ORDER BY 2"
    ).format(expected=expected, found=found)

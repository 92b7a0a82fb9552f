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
from migration_ops.projection.reasons import CROSS_ROW_FLAGS
from migration_ops.projection.targets import TARGETS
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

JSON = frozenset({"residue"})
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
    anonymous: sql.Composable
    """The expected rows without the legacy row they belong to, where finding it costs a join."""

    def digest(self) -> sql.Composable:
        """128 bits of a row, as two bigints.

        A record's hash adds up its columns' hashes, each times a constant, so that two values swapped between
        rows would leave the sum over all rows as it was: each hash is mixed once more. NULL, '' and the
        borders of columns are apart, and numbers count by value, as equality of each type says.
        """
        row = sql.SQL("ROW({})").format(sql.SQL(", ").join(_canonical(column) for column in self.columns))
        return sql.SQL(
            "hashint8extended(hash_record_extended({row}, 1), 1) AS high,"
            " hashint8extended(hash_record_extended({row}, 2), 2) AS low"
        ).format(row=row)


def _canonical(column: str) -> sql.Composable:
    name: sql.Composable = sql.Identifier(column)
    if column == "flags":
        for flag in CROSS_ROW_FLAGS:
            name = sql.SQL("array_remove({}, {})").format(name, sql.Literal(str(flag)))
        return name
    # JSON is compared exactly: equal numbers of another scale are another text.
    return sql.SQL("{}::text").format(name) if column in JSON else name


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
    rows = sql.SQL("({}) AS b({})").format(sql.SQL(projected.sql), names)
    if key == "id":
        shown = sql.SQL("b.*, {} AS legacy_id").format(sql.SQL(found.header["owner"]))
        anonymous = sql.SQL("SELECT b.* FROM {}").format(rows)
    else:
        shown = sql.SQL("b.{} AS id, b.*").format(sql.Identifier(key))
        anonymous = sql.SQL("SELECT {} FROM {}").format(shown, rows)
    via = sql.SQL(found.header.get("via", ""))
    return Comparable(
        name=name,
        table=found.header["table"],
        columns=columns,
        expected=sql.SQL("SELECT {} FROM {} {}").format(shown, rows, via),
        anonymous=anonymous,
        found=sql.SQL(found.sql),
    )


def _recorded(name: str, expected: Block) -> Comparable:
    found = block(FOUND, name)
    return Comparable(
        name=name,
        table=found.header["table"],
        columns=expected.columns,
        expected=sql.SQL(expected.sql),
        anonymous=sql.SQL(expected.sql),
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
        sql.SQL("({name}, {e}::text, {f}::text, {e} IS DISTINCT FROM {f})").format(
            name=sql.Literal(column),
            e=sql.SQL("(SELECT {} FROM (SELECT e.*) AS v)").format(_canonical(column)),
            f=sql.SQL("(SELECT {} FROM (SELECT f.*) AS v)").format(_canonical(column)),
        )
        for column in comparable.columns
        if column != "id"
    ]
    return sql.SQL(
        "SELECT coalesce(e.id, f.id), v.name, left(v.expected, {limit}), left(v.found, {limit})"
        "  FROM (SELECT * FROM ({expected}) AS x WHERE x.id = ANY (%(row_ids)s::uuid[])) AS e"
        "  FULL JOIN (SELECT * FROM ({found}) AS x WHERE x.id = ANY (%(row_ids)s::uuid[])) AS f ON f.id = e.id"
        " CROSS JOIN LATERAL ("
        "       SELECT c.name, c.expected, c.found FROM (VALUES {columns}) AS c(name, expected, found, is_different)"
        "        WHERE e.id IS NOT NULL AND f.id IS NOT NULL AND c.is_different"
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
        sql.SQL("e.{c} IS DISTINCT FROM f.{c}").format(c=sql.Identifier(c)) for c in comparable.columns if c != "id"
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
    """The statement that gives the buckets whose digests differ: of each side the rows, and two sums of 64 bits.

    OFFSET 0 keeps the planner from working out a row's columns for each half again.
    """
    side = sql.SQL(
        "SELECT {bucket} AS bucket, count(*) AS rows, sum(r.high) AS high, sum(r.low) AS low"
        "  FROM (SELECT s.id, {digest} FROM ({rows} OFFSET 0) AS s) AS r {grouped}"
    )
    bucket = sql.SQL("uuid_hash(r.id) & {}").format(sql.Literal(BUCKETS - 1)) if by_bucket else sql.SQL("0")
    grouped = sql.SQL("GROUP BY 1" if by_bucket else "")
    expected, found = (
        side.format(bucket=bucket, grouped=grouped, digest=comparable.digest(), rows=rows)
        for rows in (comparable.anonymous, comparable.found)
    )
    return sql.SQL(
        "SELECT coalesce(e.bucket, f.bucket) FROM ({expected}) AS e FULL JOIN ({found}) AS f ON f.bucket = e.bucket"
        " WHERE (e.rows, e.high, e.low) IS DISTINCT FROM (f.rows, f.high, f.low)"
    ).format(expected=expected, found=found)


@cache
def differing_digests(comparable: Comparable) -> sql.Composable:
    """The statement that gives the rows of some buckets whose digests are not the same: kind, id, legacy id."""
    side = sql.SQL(
        "SELECT s.id, s.legacy_id, {digest} FROM ({rows}) AS s"
        " WHERE uuid_hash(s.id) & {mask} = ANY (%(buckets)s::integer[])"
    )
    expected, found = (
        side.format(digest=comparable.digest(), rows=rows, mask=sql.Literal(BUCKETS - 1))
        for rows in (comparable.expected, comparable.found)
    )
    return sql.SQL(
        "SELECT CASE WHEN f.id IS NULL THEN 'missing' WHEN e.id IS NULL THEN 'extra' ELSE 'mismatched' END,"
        "       coalesce(e.id, f.id), coalesce(e.legacy_id, f.legacy_id)"
        "  FROM ({expected}) AS e FULL JOIN ({found}) AS f ON f.id = e.id"
        " WHERE (e.id, e.high, e.low) IS DISTINCT FROM (f.id, f.high, f.low)"
        " ORDER BY 2"
    ).format(expected=expected, found=found)

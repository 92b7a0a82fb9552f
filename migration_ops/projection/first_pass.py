"""Writes the rows of a batch that was never projected before: one statement, which also checks their references.

The server checks a reference row by row, with a query for each; of a backfill that is a third of all its work. Here
one statement writes the deals' rows of a whole batch and compares their references as sets, among what it wrote and
with the customers, which it locks as the server would. A row without its counterpart fails the batch. While that
statement runs, the server is told to leave its own checks out, where it lets us, where it is worth it, and where they
are the only thing that is left out by it (docs/decisions/0033-references-checked-as-sets.md); otherwise both check.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db import connection
from psycopg import sql

from migration_ops.projection.targets import DEALS, TARGETS, columns
from migration_ops.sql.loader import block

# Below that, what it takes to tell the server costs more than its checks.
WORTH_IT_ROWS = 100


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A foreign key of a deal's row: its name, the target that has it, its column, and where that leads."""

    name: str
    target: str
    column: str
    to: str

    @property
    def definition(self) -> str:
        """As the server words it."""
        return f"FOREIGN KEY (company_id, {self.column}) REFERENCES {_TABLES[self.to]}(company_id, id)"


_TABLES = {target.name: target.table for target in TARGETS}
REFERENCES = (
    Reference(name="leads_new_customer_fk", target="leads", column="customer_id", to="customers"),
    Reference(name="quotes_new_customer_fk", target="quotes", column="customer_id", to="customers"),
    Reference(name="quotes_new_lead_fk", target="quotes", column="lead_id", to="leads"),
    Reference(name="quote_items_new_quote_fk", target="quote_items", column="quote_id", to="quotes"),
    Reference(name="jobs_new_quote_fk", target="jobs", column="quote_id", to="quotes"),
    Reference(name="jobs_new_customer_fk", target="jobs", column="customer_id", to="customers"),
    Reference(name="invoices_new_job_fk", target="invoices", column="job_id", to="jobs"),
    Reference(name="invoices_new_customer_fk", target="invoices", column="customer_id", to="customers"),
    Reference(name="payments_invoice_fk", target="payments", column="invoice_id", to="invoices"),
)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What the tables took: for each target its rows and their money, as stored, and how many rows of each reference
    lead nowhere."""

    targets: dict[str, tuple[int, Any]]
    dangling: dict[str, int]


def write_new(params: dict[str, Any], *, rows: int) -> Written:
    """Write the deals of the work tables, whose customers are there, and say what was stored.

    The caller refuses what dangles: its transaction must not be committed with it.

    Args:
        params: those of the blocks.
        rows: about how many legacy rows there are in the batch.
    """
    with references_checked_here(rows=rows), connection.cursor() as cursor:
        cursor.execute(statement(), params)
        found = cursor.fetchall()
    return Written(
        targets={name: (count, money) for name, is_target, count, money in found if is_target},
        dangling={name: count for name, is_target, count, _ in found if not is_target},
    )


@contextmanager
def references_checked_here(*, rows: int) -> Iterator[None]:
    """The server leaves its checks of references to us; triggers that are always on go on.

    An error inside ends the transaction or its savepoint, and what was told the server with it.
    """
    if rows < WORTH_IT_ROWS:
        yield
        return
    with connection.cursor() as cursor:
        # What INSERT takes anyway: from here to the end of the transaction nobody adds a trigger or a reference.
        cursor.execute(block("projection/first_pass.sql", "hold_tables").sql)
        cursor.execute(
            block("projection/first_pass.sql", "leave_references").sql,
            {
                "tables": [target.table for target in DEALS],
                "references": sorted(f"{each.name} {each.definition}" for each in REFERENCES),
            },
        )
        is_left = cursor.fetchone() is not None
        yield
        if is_left:
            cursor.execute(block("projection/first_pass.sql", "take_references").sql)


@cache
def statement() -> str:
    """Writes a batch; gives a line for each target (name, true, rows, money) and each reference (name, false, rows)."""
    writing = [
        sql.SQL("{name} AS (INSERT INTO {table} ({columns}) {rows} RETURNING {returned})").format(
            name=_name(target.name),
            table=sql.Identifier(target.table),
            columns=columns(target),
            rows=sql.SQL(target.block.sql),
            returned=sql.SQL(", ").join(
                sql.Identifier(column)
                for column in dict.fromkeys(
                    [
                        *(["id"] if target.key == "id" else []),
                        "company_id",
                        *([target.money] if target.money else []),
                        *(each.column for each in REFERENCES if each.target == target.name),
                    ]
                )
            ),
        )
        for target in DEALS
    ]
    counting = [
        sql.SQL("SELECT {name}, true, count(*), {money} FROM {written}").format(
            name=sql.Literal(target.name),
            money=sql.SQL("sum({})").format(sql.Identifier(target.money)) if target.money else sql.SQL("NULL::numeric"),
            written=_name(target.name),
        )
        for target in DEALS
    ]
    checking = [
        sql.SQL(
            "SELECT {name}, false, count(*), NULL FROM {child} AS c WHERE c.{column} IS NOT NULL"
            " AND NOT EXISTS (SELECT FROM {parent} AS p WHERE p.id = c.{column} AND p.company_id = c.company_id)"
        ).format(
            name=sql.Literal(each.name),
            child=_name(each.target),
            column=sql.Identifier(each.column),
            parent=_name(each.to),
        )
        for each in REFERENCES
    ]
    customers = sql.SQL("{name} AS MATERIALIZED ({rows})").format(
        name=_name("customers"), rows=sql.SQL(block("projection/first_pass.sql", "customers").sql)
    )
    return (
        sql.SQL("WITH {parts} {lines}")
        .format(
            parts=sql.SQL(", ").join([customers, *writing]), lines=sql.SQL(" UNION ALL ").join([*counting, *checking])
        )
        .as_string(None)
    )


def _name(target: str) -> sql.Identifier:
    return sql.Identifier(f"written_{target}")

"""The tables a legacy row becomes rows of, and how such a row is written over the one that is there."""

from dataclasses import dataclass
from functools import cache

from psycopg import sql

from migration_ops.projection.reasons import CROSS_ROW_FLAGS
from migration_ops.sql.loader import Block, block


@dataclass(frozen=True, kw_only=True)
class Target:
    """A target table, the block that projects to it, the column its rows are known by, and the money it proves."""

    name: str
    table: str
    file: str
    key: str = "id"
    money: str | None = None

    @property
    def primary_key(self) -> tuple[str, ...]:
        """What a repeated row conflicts on; the CRM's primary keys hold the company too."""
        return (self.key, "company_id") if self.key == "id" else (self.key,)

    @property
    def block(self) -> Block:
        """The SELECT that gives the rows."""
        return block(self.file, self.name)


PEOPLE = (
    Target(name="customers", table="customers_new", file="projection/customers.sql"),
    Target(name="contacts", table="customer_contacts", file="projection/customers.sql"),
    Target(name="addresses", table="customer_addresses", file="projection/customers.sql"),
)
DEALS = (
    Target(name="leads", table="leads_new", file="projection/leads.sql"),
    Target(name="quotes", table="quotes_new", file="projection/quotes.sql", money="total"),
    Target(name="quote_items", table="quote_items_new", file="projection/quote_items.sql", money="total"),
    Target(name="jobs", table="jobs_new", file="projection/jobs.sql"),
    Target(name="invoices", table="invoices_new", file="projection/invoices.sql", money="amount_due"),
    Target(name="payments", table="payments", file="projection/payments.sql", money="amount"),
    Target(name="links", table="migration_legacy_link", file="projection/links.sql", key="legacy_id"),
)
TARGETS = (*PEOPLE, *DEALS)


def columns(target: Target) -> sql.Composed:
    """A target's columns, in the order its block gives them."""
    return sql.SQL(", ").join(map(sql.Identifier, target.block.columns))


@cache
def insert(target: Target) -> str:
    """The statement that writes a target's rows where none of them is there."""
    statement = sql.SQL("INSERT INTO {table} ({columns}) {rows}").format(
        table=sql.Identifier(target.table), columns=columns(target), rows=sql.SQL(target.block.sql)
    )
    return statement.as_string(None)


@cache
def upsert(target: Target) -> str:
    """The statement that writes a target's rows over those that are there, and leaves unchanged ones alone."""
    changing = [
        column for column in target.block.columns if column not in (*target.primary_key, *_KEPT.get(target.name, ()))
    ]
    table = sql.Identifier(target.table)
    new = {column: sql.SQL("EXCLUDED.{}").format(sql.Identifier(column)) for column in changing}
    if target.name == "links":
        # Flags that depend on other rows are set when the run ends; the row's own projection keeps them.
        new["flags"] = sql.SQL(
            "EXCLUDED.flags || ARRAY(SELECT f FROM unnest(migration_legacy_link.flags) AS f WHERE f = ANY ({}::text[]))"
        ).format(sql.Literal([str(flag) for flag in CROSS_ROW_FLAGS]))
    compared = [column for column in changing if column != "batch_id"]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) {rows} ON CONFLICT ({key}) DO UPDATE SET {sets}"
        " WHERE ({old}) IS DISTINCT FROM ({new})"
    ).format(
        table=table,
        columns=columns(target),
        rows=sql.SQL(target.block.sql),
        key=sql.SQL(", ").join(map(sql.Identifier, target.primary_key)),
        sets=sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(column), new[column]) for column in changing),
        old=sql.SQL(", ").join(sql.SQL("{}.{}").format(table, sql.Identifier(column)) for column in compared),
        new=sql.SQL(", ").join(new[column] for column in compared),
    )
    return statement.as_string(None)


# Columns a re-projection never takes back: what a person or a later write made of them stands.
_KEPT = {"customers": ("name", "email", "phone"), "contacts": ("customer_id",), "addresses": ("is_primary",)}

"""Every relation to a customer, and what a merge does with it. One that is not listed here refuses the merge."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

from django.apps import apps
from django.db import connection
from psycopg import sql

from crm.exceptions import RelationUnknown
from crm.models import Company, Customer, CustomerAddress, CustomerRelation
from crm.ports import merge_companion
from crm.sql import block

# A merge moves, rewrites or removes rows of these: whatever refers to one of them is concerned.
CONCERNED = (Customer, CustomerAddress, CustomerRelation)


class Fate(Enum):
    """What a merge does with the rows of a relation."""

    MOVES = "move to the survivor"
    COMBINED = "move to the survivor, duplicates removed"
    BURIED = "marks the merged customer"
    STAYS = "stays with the customer it is about; readers follow the merge"
    COMPANION = "is brought up to date by the app it belongs to"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A column that refers to a customer, an address or a relation, and what it is called for people."""

    table: str
    column: str
    to: str
    fate: Fate
    words: str = ""


def _customer(table: str, column: str, fate: Fate, words: str = "") -> Reference:
    return Reference(table=table, column=column, to="customers_new", fate=fate, words=words)


REFERENCES = (
    _customer("customer_contacts", "customer_id", Fate.MOVES, "names, e-mails and phones"),
    _customer("leads_new", "customer_id", Fate.MOVES, "leads"),
    _customer("quotes_new", "customer_id", Fate.MOVES, "quotes"),
    _customer("jobs_new", "customer_id", Fate.MOVES, "jobs"),
    _customer("invoices_new", "customer_id", Fate.MOVES, "invoices"),
    _customer("customer_addresses", "customer_id", Fate.COMBINED, "addresses"),
    _customer("customer_relations", "customer_id", Fate.COMBINED, "relations"),
    _customer("customer_relations", "other_id", Fate.COMBINED, "relations"),
    _customer("customers_new", "merged_into", Fate.BURIED),
    _customer("customer_merges", "survivor_id", Fate.STAYS),
    _customer("customer_merge_moves", "customer_id", Fate.STAYS),
    _customer("customer_decisions", "customer_a_id", Fate.STAYS),
    _customer("customer_decisions", "customer_b_id", Fate.STAYS),
    _customer("customer_decisions", "subject_id", Fate.STAYS),
)
MOVING = tuple(reference for reference in REFERENCES if reference.fate is Fate.MOVES)


def known_references() -> tuple[Reference, ...]:
    """Those of the CRM and those the companion brings along."""
    return (*REFERENCES, *merge_companion().references)


def references_of_models() -> set[tuple[str, str, str]]:
    """Table, column and target of every relation that a model declares to a customer, an address or a relation."""
    return {
        (model._meta.db_table, str(field.column), field.related_model._meta.db_table)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.is_relation and field.related_model in CONCERNED
    }


def references_of_database() -> set[tuple[str, str, str]]:
    """The same as the database's own constraints have it, those of other programs among them."""
    with connection.cursor() as cursor:
        cursor.execute(block("merge", "referring"), {"tables": [model._meta.db_table for model in CONCERNED]})
        return {(table, column, to) for table, column, to in cursor.fetchall()}


def unknown(found: Iterable[tuple[str, str, str]]) -> list[str]:
    """Those that are not listed, as ``table.column``."""
    listed = {(reference.table, reference.column, reference.to) for reference in known_references()}
    return sorted(f"{table}.{column}" for table, column, to in found if (table, column, to) not in listed)


def refuse_unknown() -> None:
    """Raises RelationUnknown where a table refers to customers and merging knows nothing about it."""
    relations = unknown(references_of_models() | references_of_database())
    if relations:
        raise RelationUnknown(relations=", ".join(relations))


def composed(name: str, reference: Reference, *, file: str = "merge") -> sql.Composed:
    """A block with a relation's table and column put in."""
    return sql.SQL(block(file, name)).format(
        table=sql.Identifier(reference.table), column=sql.Identifier(reference.column),
        words=sql.Literal(reference.table), column_words=sql.Literal(reference.column),
    )  # fmt: skip


def owned_by(company: Company, ids: list[UUID]) -> list[tuple[str, UUID, int, str]]:
    """Table, customer, how many rows of it the customer has, and which, in short."""
    tables = [*MOVING, *(each for each in known_references() if each.fate is Fate.COMBINED)]
    statement = sql.SQL(" UNION ALL ").join(composed("owned", reference) for reference in tables)
    found: dict[tuple[str, UUID], tuple[int, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, {"company": company.pk, "customers": ids})
        for table, customer, rows, which in cursor.fetchall():
            # A relation refers to customers twice.
            before = found.get((table, customer), (0, ""))
            found[table, customer] = (before[0] + rows, f"{before[1]}{which}")
    return [(table, customer, rows, which) for (table, customer), (rows, which) in sorted(found.items())]

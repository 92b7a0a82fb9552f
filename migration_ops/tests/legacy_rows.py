"""Legacy rows written by plain SQL, as another program would."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

PLAIN = {
    "customer_name": "Ann Miller",
    "email": "ann@miller.example",
    "phone": "+12025550123",
    "address": "1 High Street",
    "lead_status": "new",
    "status": "draft",
    "quote_number": "Q-1",
    "items": Jsonb([{"name": "Roof", "quantity": 2, "unit_price": 50, "total": 100}]),
    "subtotal": 100,
    "total": 100,
    "created_at": "2024-03-01 10:00+00",
    "updated_at": "2024-03-02 10:00+00",
}
NAMELESS = {"customer_name": None, "email": None, "phone": None}
UNREADABLE = {"items": Jsonb(["no object"])}
READABLE = {"items": Jsonb([{"name": "Gutter", "quantity": 1, "unit_price": 7, "total": 7}])}


def id_at(place: float) -> UUID:
    """A legacy id at this place of all ids, 0.0 to 1.0: behind or ahead of a cursor, as the test needs it."""
    return UUID(int=round(place * (2**128 - 1)))


def insert(session: psycopg.Connection, company: UUID, id: UUID, **columns: Any) -> None:
    """One row; columns override those of a plain deal."""
    row = PLAIN | {"id": id, "company_id": company} | columns
    session.execute(
        sql.SQL("INSERT INTO quotes ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join([sql.Placeholder()] * len(row))
        ),
        list(row.values()),
    )


def update(session: psycopg.Connection, row: UUID, /, **columns: Any) -> int:
    """Changes a row; 1, or 0 when there is none."""
    sets = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder()) for name in columns)
    statement = sql.SQL("UPDATE quotes SET {}, updated_at = now() WHERE id = {}").format(sets, sql.Placeholder())
    return session.execute(statement, [*columns.values(), row]).rowcount


def fill(session: psycopg.Connection, company: UUID, rows: int, **columns: Any) -> list[UUID]:
    """So many rows, evenly over all ids, each with a person of its own; their ids in order."""
    ids = [id_at((place + 0.5) / rows) for place in range(rows)]
    for place, id in enumerate(ids):
        own = {
            "customer_name": f"Person {place:04}",
            "email": f"p{place}@mail.example",
            "phone": f"+1202555{place:04}",
            "quote_number": f"Q-{place}",
        }
        insert(session, company, id, **(own | columns))
    return ids

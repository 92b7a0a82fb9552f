"""The audit log: one line for each step, repair and proof; the database chains and protects it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from migration_ops.models import AuditLine
from migration_ops.sql.loader import block

SQL = "queries/audit.sql"


@dataclass(frozen=True, kw_only=True)
class Chain:
    """What a look at the whole log found: lines, the last line's hash, and the first line that is wrong, if any."""

    lines: int
    last_hash: str
    broken_at: int | None
    is_protected: bool

    @property
    def is_whole(self) -> bool:
        """Whether every line follows the one before, and nobody may change one."""
        return self.broken_at is None and self.is_protected


def record(*, actor: str, action: str, company: UUID | None, detail: dict[str, Any]) -> None:
    """Add a line, in the caller's transaction; the last thing it does, for others wait for it."""
    params: dict[str, Any] = {"actor": actor, "kind": action, "company": company, "evidence": Jsonb(detail)}
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "record").sql, params)


def verify() -> Chain:
    """Work every hash out again. A log cut off at its end is told by comparing `last_hash` with one noted before."""
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, "verify").sql, {})
        lines, last_hash, broken_at, is_protected = cursor.fetchone()
    return Chain(lines=lines, last_hash=last_hash or "", broken_at=broken_at, is_protected=is_protected)


def has_hash(hash: str) -> bool:
    """Whether a line has this hash."""
    return AuditLine.objects.filter(hash=hash).exists()

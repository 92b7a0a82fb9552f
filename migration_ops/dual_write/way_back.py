"""Whether the way back works: a real change of a real deal, carried back to its legacy row, and rolled back."""

from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from crm.models import Company
from migration_ops.dual_write import fence, reverse
from migration_ops.exceptions import MigrationOpsError
from migration_ops.sql.loader import block
from migration_ops.validation.query import rows

SQL = "reverse/carry.sql"
PROBE = "way back probe"


def look(company: Company) -> tuple[bool, dict[str, Any], str]:
    """The gate: passed, evidence, what is missing."""
    failure, found, deal = "", None, None
    try:
        with transaction.atomic():
            fence.bound_waits(lock_ms=2_000, statement_ms=30_000)
            # A row somebody is writing just now says nothing about the way back.
            deal = next((id for (id,) in rows(SQL, "probe_deal", {"company": company.pk})), None)
            found = _probe(company, deal) if deal is not None else None
            transaction.set_rollback(True)
    except (DatabaseError, MigrationOpsError) as error:
        failure = " ".join(str(error).split())
    if deal is None:
        return False, {}, f"there is no migrated row to try it on {failure}".strip()
    evidence = {"deal": str(deal), "tried_at": str(timezone.now())}
    if failure or found != PROBE:
        return False, evidence, f"a change could not be carried back: {failure or 'the legacy row did not follow'}"
    return True, evidence, ""


def _probe(company: Company, deal: UUID) -> str | None:
    params: dict[str, Any] = {"company": company.pk, "id": deal, "name": PROBE}
    with connection.cursor() as cursor:
        with fence.mirrored():
            for name in ("probe_quote", "probe_lead"):
                cursor.execute(block(SQL, name).sql, params)
        reverse.carry_back(company, [deal])
        cursor.execute(block(SQL, "probe_read").sql, params)
        return str(cursor.fetchone()[0])

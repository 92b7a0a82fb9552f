"""Writes through this application reach the other side inside their own transaction.

The applications call these through their ports (LEGACY_WRITE_GUARD, CRM_WRITE_GUARD) and know nothing of them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import DatabaseError, transaction

from crm.exceptions import WriteRefused as CrmWriteRefused
from legacy.exceptions import WriteRefused as LegacyWriteRefused
from migration_ops.dual_write import apply, fence, reverse
from migration_ops.exceptions import LegacyCannotHold
from migration_ops.models import MigrationRun
from migration_ops.selectors.companies import ensure_company
from migration_ops.stages import ACTIVE, LEGACY_LEADS, MIRRORED, NEW_SIDE_LEADS, REVERSED, RunStatus

OURS = ("QP001", "QP002")


@contextmanager
def legacy_writes(company: UUID, ids: Sequence[UUID]) -> Iterator[None]:
    """A write to legacy rows by this application: allowed where legacy leads, and mirrored before it commits.

    Args:
        ids: of the rows written inside; a list may grow there.
    Raises:
        legacy.exceptions.WriteRefused: the new tables lead this company.
    """
    with transaction.atomic():
        stage = fence.enter(company)
        if stage in NEW_SIDE_LEADS:
            raise LegacyWriteRefused(f"company {company} is {stage}: write through the new application")
        yield
        if stage in MIRRORED and ids and _is_backfilled(company):
            deals = sorted(set(ids))
            fence.lock_deals(deals)
            found = ensure_company(company)
            apply.settle_entries(found, apply.entries_of(found, deals))


@contextmanager
def crm_writes(company: UUID) -> Iterator[None]:
    """A write to new tables by this application: allowed where they lead, and carried back before it commits.

    Raises:
        crm.exceptions.WriteRefused: legacy leads this company, or a legacy row cannot hold what was written.
    """
    with transaction.atomic():
        stage = fence.enter(company)
        if stage in LEGACY_LEADS:
            raise CrmWriteRefused(
                f"company {company} is {stage}: write through the legacy application until it is live"
            )
        try:
            yield
            if stage in REVERSED:
                reverse.reverse_own(ensure_company(company))
        except LegacyCannotHold as error:
            raise CrmWriteRefused(str(error)) from error
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", None) not in OURS:
                raise
            raise CrmWriteRefused(str(error).partition("\n")[0]) from error


def _is_backfilled(company: UUID) -> bool:
    runs = MigrationRun.objects.filter(company=company)
    return runs.filter(status=RunStatus.FINISHED).exists() and not runs.filter(status__in=ACTIVE).exists()

"""What migrate_legacy has to do for a company: decided here once, carried out by plan.start, told by a dry run."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.dual_write import capture
from migration_ops.models import MigrationRun, OutboxEntry
from migration_ops.sql.loader import block
from migration_ops.stages import ACTIVE, BatchKind, RunStatus


class Task(Enum):
    """What is to be done."""

    FIRST = "a first run: contacts, customers, rows"
    RESUME = "the run that was left unfinished"
    ADOPT = "what the last run left undone"
    REMAP = "all rows again: the mapping has changed"
    RECOPY = "all rows again: change capture was off for a while"
    CATCH_UP = "what changed since"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A task, and the company's last run, which it goes on from."""

    task: Task
    last: MigrationRun | None = None

    @property
    def gives_up(self) -> bool:
        """Whether the last run is unfinished and cannot be gone on with as it is."""
        return self.last is not None and self.last.status in ACTIVE and self.task is not Task.RESUME


# Phases after which no row is written yet: a run cancelled in one of them has all of its rows to do.
BEFORE_ROWS = (BatchKind.CONTACTS, BatchKind.IDENTITY, BatchKind.CLUSTERS, BatchKind.CUSTOMERS)


def decide(company: Company, *, is_capture_whole: bool = True) -> Decision:
    """Look at the company's last run and at what waits.

    Args:
        is_capture_whole: False while change capture has yet to be installed again, as a dry run finds it.
    """
    last = MigrationRun.objects.filter(company=company).first()
    if last is None:
        return Decision(task=Task.FIRST)
    again = None
    if last.mapping_version != conf.MAPPING_VERSION:
        again = Task.REMAP
    elif not is_capture_whole or capture.was_off_since(last):
        again = Task.RECOPY
    is_unfinished = last.status in ACTIVE
    if is_unfinished and again is None:
        return Decision(task=Task.RESUME, last=last)
    if (is_unfinished or last.status == RunStatus.CANCELLED) and (again is None or last.phase in BEFORE_ROWS):
        return Decision(task=Task.ADOPT, last=last)
    return Decision(task=again or (Task.CATCH_UP if _is_something_waiting(company) else Task.NOTHING), last=last)


def _is_something_waiting(company: Company) -> bool:
    """Whether a change, a row or a deletion in legacy has not reached the new tables."""
    if OutboxEntry.objects.filter(company_id=company.pk, state=OutboxEntry.State.PENDING).exists():
        return True
    params: dict[str, Any] = {"company": company.pk, "after": None, "most": 1}
    with connection.cursor() as cursor:
        for name in ("unsettled", "orphaned_links"):
            cursor.execute(block("queries/plan.sql", name).sql, params)
            if cursor.fetchone():
                return True
    return False

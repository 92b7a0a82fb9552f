"""A deal that changed its company, with a worker at it for the one and a step of the other: each looks after its own rows."""

import pytest

from crm.models import Company
from migration_ops import transitions
from migration_ops.cutover.switch import move_stage
from migration_ops.dual_write.apply import apply_company
from migration_ops.dual_write.follow import apply_once
from migration_ops.exceptions import FenceTimedOut
from migration_ops.models import OutboxEntry
from migration_ops.stages import Stage
from migration_ops.tests.interleavings import orders, process, run
from migration_ops.tests.legacy_rows import NAMELESS, fill, id_at, insert
from migration_ops.tests.living import backfill
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)

LOOKED, REMOVED = "INSERT INTO batch_known", "DELETE FROM quotes_new q USING batch_known"


def go(company: Company, to: Stage) -> None:
    """The gates are for people: what is tried here is the fence."""
    move_stage(company, to, reason="test", actor="test", needs_gates=False)


@pytest.mark.parametrize("columns", [{}, NAMELESS], ids=["somebody's", "nobody's"])
@pytest.mark.parametrize("comes", [True, False], ids=["to the company that steps", "from it"])
def test_a_worker_and_a_step_meet_at_it_in_every_order(session, comes, columns):
    """{look, remove the quote, remove the rest} × {look, the rest of the step}: ten orders."""
    writer, watcher = session(), session()
    watcher.autocommit = True
    steps, works = (Company.objects.create(name=name.title(), slug=name) for name in ("steps", "works"))
    old, new = (works, steps) if comes else (steps, works)
    found = list(orders([3, 2]))
    assert len(found) == 10
    ids = fill(writer, old.pk, len(found), **columns)
    for company, place in ((old, 0), (new, 1)):
        insert(writer, company.pk, id_at(place))  # one that stays
    writer.commit()
    for company in (steps, works):
        backfill(company)
    go(steps, Stage.SHADOW)
    for id, order in zip(ids, found, strict=True):
        if transitions.stage_of(steps) == Stage.LIVE:
            go(steps, Stage.SHADOW)
        writer.execute("UPDATE quotes SET company_id = %s WHERE id = %s", [new.pk, id])
        writer.commit()
        sessions = [
            process(lambda: apply_company(works), LOOKED, REMOVED),
            process(lambda: go(steps, Stage.LIVE), LOOKED),
        ]
        run(sessions, order, watcher)
        assert sessions[0].error is None, (order, sessions[0].error)
        assert isinstance(sessions[1].error, FenceTimedOut | None), (order, sessions[1].error)
        apply_once()
        assert not OutboxEntry.objects.exists(), order
        assert_valid(steps, works)

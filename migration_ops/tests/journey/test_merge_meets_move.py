"""A merge, or its undo, while the company is cut over or taken back: it waits or is refused, never half (D16)."""

import pytest

from crm.exceptions import CustomersBusy
from crm.models import CustomerMerge, Quote
from crm.services.merge import merge
from crm.services.undo import undo_merge
from migration_ops import transitions
from migration_ops.cutover.switch import move_stage
from migration_ops.dual_write.follow import apply_once
from migration_ops.exceptions import FenceTimedOut, StageRefused
from migration_ops.models import OutboxEntry
from migration_ops.stages import Stage
from migration_ops.tests.cutover.invariants import INVARIANTS, violations
from migration_ops.tests.interleavings import orders, process, run
from migration_ops.tests.living import migrated
from migration_ops.tests.merging import on_buried

pytestmark = pytest.mark.django_db(transaction=True)

BURYING = f'INSERT INTO "{CustomerMerge._meta.db_table}"'
UNDOING = f'UPDATE "{CustomerMerge._meta.db_table}"'
CLOSED, MOVED = "qp_stage/", "UPDATE migration_company_stage"
# What waits for a proof or for a changed row is not this test's subject.
AT_REST = [name for name in INVARIANTS if name.split()[0] not in ("V16", "V22", "V25")]
STEPS = {
    "cutover": (Stage.SHADOW, Stage.LIVE),
    "rollback": (Stage.LIVE, Stage.SHADOW),
    "out": (Stage.DUALWRITE, Stage.OFF),
}


def go(company, to):
    return move_stage(company, to, reason="test", actor="test", needs_gates=False)


@pytest.mark.parametrize("what", ["merge", "undo"])
@pytest.mark.parametrize("step", STEPS)
def test_a_merge_meets_a_step_of_the_company_in_every_order(session, step, what):
    """{work, commit} × {close, flip, commit}: ten orders each."""
    writer, watcher = session(), session()
    watcher.autocommit = True
    before, after = STEPS[step]
    company = migrated(writer, rows=20)
    quotes = list(Quote.objects.order_by("pk"))
    found = list(orders([2, 3]))
    assert len(found) == 10
    for number, order in enumerate(found):
        while (now := transitions.stage_of(company)) != before:
            go(
                company,
                list(Stage)[list(Stage).index(now) + (1 if list(Stage).index(now) < list(Stage).index(before) else -1)],
            )
        apply_once()
        one, other = (quotes[2 * number + place] for place in range(2))
        pair = [one.customer_id, other.customer_id]
        done = merge(company, pair, survivor=pair[0], actor="ann") if what == "undo" else None

        def work(pair=pair, done=done):
            if done is not None:
                undo_merge(done, actor="ann")
            else:
                merge(company, pair, survivor=pair[0], actor="ann")

        sessions = [
            process(work, UNDOING if done is not None else BURYING),
            process(lambda: go(company, after), CLOSED, MOVED),
        ]
        run(sessions, order, watcher)
        assert isinstance(sessions[0].error, CustomersBusy | None), (order, sessions[0].error)
        assert isinstance(sessions[1].error, FenceTimedOut | StageRefused | None), (order, sessions[1].error)
        assert sessions[0].error is None or sessions[1].error is None, (order, "both were refused")
        assert transitions.stage_of(company) == (after if sessions[1].error is None else before), order
        is_merged = (sessions[0].error is None) == (what == "merge")
        owners = {each.customer_id for each in Quote.objects.filter(pk__in=[one.pk, other.pk])}
        assert owners == ({pair[0]} if is_merged else set(pair)), order
        assert CustomerMerge.objects.filter(survivor=pair[0], undone_at__isnull=True).exists() is is_merged, order
        assert on_buried(company) == [], order
        apply_once()
        assert not OutboxEntry.objects.filter(state="failed").exists(), order
        wrong = {name: rows for name in AT_REST if (rows := violations(company, name))}
        assert not wrong, (order, wrong)

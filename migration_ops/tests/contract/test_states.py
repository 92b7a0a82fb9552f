"""Every state is listed, reachable and explained."""

import pytest

from migration_ops.management.reporting import PHASES
from migration_ops.models import CompanyStage, MigrationBatch, MigrationRun, QuarantinedRow, StageChange
from migration_ops.projection.reasons import CROSS_ROW_FLAGS, REMEDIES, Flag, QuarantineReason
from migration_ops.stages import ACTIVE, RUN_MOVES, BatchKind, BatchState, RunStatus, Stage

CHOICES = [
    (MigrationRun, "status", RunStatus),
    (MigrationRun, "phase", BatchKind),
    (MigrationBatch, "kind", BatchKind),
    (MigrationBatch, "state", BatchState),
    (CompanyStage, "stage", Stage),
    (StageChange, "before", Stage),
    (StageChange, "after", Stage),
    (QuarantinedRow, "reason", QuarantineReason),
]


def test_every_status_is_in_the_table_of_moves():
    assert set(RUN_MOVES) == set(RunStatus)


def test_every_move_has_its_reason():
    moves = [(before, after, reason) for before, after_of in RUN_MOVES.items() for after, reason in after_of.items()]
    assert moves
    for before, after, reason in moves:
        assert reason.strip(), (before, after)
        assert before != after
        assert after in RunStatus


def test_every_status_can_be_reached_from_the_first():
    reached, seen = {RunStatus.RUNNING}, set()
    while reached - seen:
        status = (reached - seen).pop()
        seen.add(status)
        reached |= set(RUN_MOVES[status])
    assert reached == set(RunStatus)
    assert MigrationRun._meta.get_field("status").default == RunStatus.RUNNING


def test_a_run_holds_its_company_exactly_while_it_can_still_move():
    assert set(ACTIVE) == {status for status, moves in RUN_MOVES.items() if moves}


def test_every_status_leads_to_an_end():
    ends = {status for status, moves in RUN_MOVES.items() if not moves}
    assert ends == {RunStatus.CANCELLED, RunStatus.FINISHED}
    leading = set(ends)
    while more := {status for status, moves in RUN_MOVES.items() if status not in leading and leading & set(moves)}:
        leading |= more
    assert leading == set(RunStatus)


def test_stages_are_in_the_order_a_company_goes_through_them():
    assert list(Stage) == [Stage.OFF, Stage.DUALWRITE, Stage.SHADOW, Stage.LIVE, Stage.RAMPDOWN, Stage.COMPLETE]


def test_every_phase_has_words():
    assert list(PHASES) == list(BatchKind)
    assert MigrationRun._meta.get_field("phase").default == next(iter(BatchKind))


def test_every_quarantine_reason_says_what_to_do():
    assert set(REMEDIES) == set(QuarantineReason)
    assert all(remedy.strip() for remedy in REMEDIES.values())


def test_flags_across_rows_are_flags():
    assert set(CROSS_ROW_FLAGS) <= set(Flag)
    assert not set(Flag.values) & set(QuarantineReason.values)


@pytest.mark.parametrize(("model", "name", "choices"), CHOICES, ids=lambda value: getattr(value, "__name__", value))
def test_columns_offer_every_state_and_have_room_for_it(model, name, choices):
    field = model._meta.get_field(name)
    assert [value for value, _ in field.choices] == choices.values
    assert max(map(len, choices.values)) <= field.max_length

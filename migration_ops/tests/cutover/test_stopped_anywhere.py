"""A step, an applied change and a write that is carried back, stopped before each of their statements: whole or not at all
(O5, O9, C7, R8)."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from django.db import connection

from crm.models import Quote
from crm.ports import write_guard
from legacy.models import LegacyQuote
from migration_ops import audit, transitions
from migration_ops.cutover import switch
from migration_ops.dual_write import apply
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import AuditLine, OutboxEntry, ReverseEntry, StageChange
from migration_ops.stages import STAGE_MOVES, Stage
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated, step, take_to
from migration_ops.tests.state import assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


class Stopped(BaseException):
    """The process ends here; nothing catches it."""


def stopped_before_each_statement(action: Callable[[], object], check: Callable[[], None]) -> int:
    """Run an action again and again, stopped before its first statement, its second, …; after each stop the check must hold.

    Returns how many statements the action has; it has run to its end then.
    """
    for at in range(1_000):
        seen = 0

        def wrap(execute, statement, params, many, context, at=at):
            nonlocal seen
            if seen == at:
                raise Stopped
            seen += 1
            return execute(statement, params, many, context)

        with suppress(Stopped), connection.execute_wrapper(wrap):
            action()
            return at
        connection.close()  # what a killed process leaves to the server
        check()
    raise AssertionError("it never came to its end")


@pytest.fixture
def company(session):
    return migrated(session(), rows=3)


def first_id():
    return LegacyQuote.objects.order_by("id").values_list("pk", flat=True)[0]


def test_a_step(company, session, monkeypatch):
    take_to(company, Stage.SHADOW)
    writer = session()
    update(writer, first_id(), total=4711)
    writer.commit()
    before = (StageChange.objects.count(), AuditLine.objects.count())

    def flip() -> None:
        move = STAGE_MOVES[Stage.SHADOW][Stage.LIVE]
        switch._flip(company, Stage.SHADOW, Stage.LIVE, move, [], reason="test", actor="test")

    def nothing_happened() -> None:
        assert transitions.stage_of(company) == Stage.SHADOW
        assert (StageChange.objects.count(), AuditLine.objects.count()) == before
        assert OutboxEntry.objects.count() == 1
        assert Quote.objects.get(pk=first_id()).total == 100

    assert stopped_before_each_statement(flip, nothing_happened) > 20
    assert transitions.stage_of(company) == Stage.LIVE
    assert Quote.objects.get(pk=first_id()).total == 4711
    assert audit.verify().is_whole
    assert_valid(company)


def test_an_applied_change(company, session):
    writer = session()
    update(writer, first_id(), total=4711)
    writer.commit()

    def not_yet() -> None:
        assert OutboxEntry.objects.count() == 1
        assert Quote.objects.get(pk=first_id()).total == 100

    assert stopped_before_each_statement(lambda: apply.apply_company(company), not_yet) > 20
    assert Quote.objects.get(pk=first_id()).total == 4711
    assert not OutboxEntry.objects.exists()
    assert_valid(company)


def test_a_write_that_is_carried_back(company):
    take_to(company, Stage.LIVE)

    def write() -> None:
        with write_guard(company.pk):
            Quote.objects.filter(pk=first_id()).update(total=4711)

    def neither_side() -> None:
        assert Quote.objects.get(pk=first_id()).total == LegacyQuote.objects.get(pk=first_id()).total == 100
        assert not ReverseEntry.objects.exists()

    assert stopped_before_each_statement(write, neither_side) > 20
    assert Quote.objects.get(pk=first_id()).total == LegacyQuote.objects.get(pk=first_id()).total == 4711
    step(company, Stage.SHADOW)
    apply_once()
    assert_valid(company)

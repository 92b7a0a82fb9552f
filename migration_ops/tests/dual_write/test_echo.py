"""A change is one write on the other side, and none comes back from there (O10, O11, V16)."""

import pytest

from crm.models import Quote
from legacy.models import LegacyQuote
from legacy.ports import write_guard
from migration_ops.dual_write.follow import apply_once
from migration_ops.models import OutboxEntry, ReverseEntry
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import migrated, take_to
from migration_ops.tests.state import activity

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 30


def commit(writer) -> None:
    """At once visible in the server's counters."""
    writer.execute("SELECT pg_stat_force_next_flush()")
    writer.commit()


def updates(of: str, before: dict[str, tuple[int, int, int]]) -> int:
    return activity()[of][1] - before[of][1]


def assert_quiet() -> None:
    before = activity()
    assert not OutboxEntry.objects.exists()
    assert not ReverseEntry.objects.exists()
    assert apply_once().entries == 0
    for table in ("quotes", "quotes_new", "leads_new", "quote_items_new"):
        assert activity()[table] == before[table], table


def test_forth_and_back_each_change_is_one_write_and_then_it_is_quiet(session):
    company, writer = migrated(session(), rows=ROWS), session()
    before = activity()
    for id in LegacyQuote.objects.values_list("pk", flat=True):
        update(writer, id, total=7)
    commit(writer)
    assert apply_once().deals == ROWS
    assert (updates("quotes", before), updates("quotes_new", before)) == (ROWS, ROWS)
    assert_quiet()
    take_to(company, Stage.LIVE)
    before = activity()
    writer.execute("UPDATE quotes_new SET total = 8")
    commit(writer)
    apply_once()
    assert set(LegacyQuote.objects.values_list("total", flat=True)) == {8}
    assert (updates("quotes", before), updates("quotes_new", before)) == (ROWS, ROWS)
    assert_quiet()


def test_a_change_that_is_captured_and_applied_inline_has_one_effect(session):
    company = migrated(session(), rows=2)
    (id, _), before = LegacyQuote.objects.values_list("pk", flat=True), activity()
    with write_guard(company.pk, [id]):
        LegacyQuote.objects.filter(pk=id).update(total=9)
        assert OutboxEntry.objects.count() == 1, "the trigger has recorded it too"
    assert Quote.objects.get(pk=id).total == 9
    assert updates("quotes_new", before) == 1
    assert_quiet()

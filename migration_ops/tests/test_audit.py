"""The audit log: whole, added to only, and a change shows."""

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction

from migration_ops import audit
from migration_ops.models import AuditLine

pytestmark = pytest.mark.django_db(transaction=True)


def note(what: str) -> None:
    audit.record(actor="test", action=what, company=None, detail={"amount": 1.5, "text": "ü"})


@pytest.mark.parametrize(
    "statement",
    ["UPDATE migration_audit_log SET actor = 'x'", "DELETE FROM migration_audit_log", "TRUNCATE migration_audit_log"],
)
def test_nothing_is_changed_or_removed(statement):
    """T45."""
    note("one")
    before = AuditLine.objects.count()
    with pytest.raises(DatabaseError, match="only ever added to"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditLine.objects.count() == before
    assert audit.verify().is_whole


def test_lines_written_at_once_form_one_chain():
    def write() -> None:
        for _ in range(10):
            note("parallel")
        connections.close_all()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert audit.verify().is_whole
    ids = list(AuditLine.objects.order_by("id").values_list("pk", flat=True))
    assert ids == list(range(1, len(ids) + 1))


CHANGES = {
    "a word": "UPDATE migration_audit_log SET action = 'other' WHERE id = %s",
    "a number": "UPDATE migration_audit_log SET detail = detail || '{\"amount\": 2}' WHERE id = %s",
    "its hash too": (
        "UPDATE migration_audit_log l SET actor = 'x',"
        " hash = qp_audit_hash_v1(l.id, l.at, 'x', l.action, l.company_id, l.detail, l.prev_hash) WHERE id = %s"
    ),
    "a line gone": "DELETE FROM migration_audit_log WHERE id = %s",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_superuser_who_changes_a_line_is_found_out(change):
    """T45."""
    for number in range(3):
        note(f"line {number}")
    last = AuditLine.objects.order_by("-id").first().pk
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE migration_audit_log DISABLE TRIGGER USER")
        assert not audit.verify().is_protected
        cursor.execute(CHANGES[change], [last - 1])
        chain = audit.verify()
        transaction.set_rollback(True)
    assert chain.broken_at is not None
    assert chain.broken_at >= last - 1
    assert audit.verify().is_whole
    assert audit.has_hash(audit.verify().last_hash)

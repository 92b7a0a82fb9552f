"""What a transaction of ours waits for, and for how long."""

import pytest
from django.db import connection, transaction

from migration_ops.dual_write import fence

pytestmark = pytest.mark.django_db(transaction=True)
NAMES = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "deadlock_timeout")


def settings_now() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) AS name", [list(NAMES)])
        return dict(cursor.fetchall())


def test_bounds_end_with_the_transaction():
    before = settings_now()
    with transaction.atomic():
        fence.bound_waits(lock_ms=300, statement_ms=40_000)
        assert settings_now() == {
            "lock_timeout": "300ms",
            "statement_timeout": "40s",
            "idle_in_transaction_session_timeout": "40s",
            "deadlock_timeout": "20ms",
        }
    assert settings_now() == before


def test_who_may_not_hurry_autovacuum_has_the_other_bounds():
    before = settings_now()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE test_bounds NOLOGIN")
            cursor.execute("SET LOCAL ROLE test_bounds")
        fence.bound_waits(lock_ms=300, statement_ms=40_000)
        found = settings_now()
        transaction.set_rollback(True)
    assert found["lock_timeout"] == "300ms"
    assert found["deadlock_timeout"] == before["deadlock_timeout"] == "1s"

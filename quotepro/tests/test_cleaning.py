"""After a test that commits the database is as Django's flush would leave it."""

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase

from crm.models import Company
from quotepro.tests import cleaning

pytestmark = pytest.mark.django_db(transaction=True)


def all_rows() -> dict[str, list[str]]:
    """Every row of every table as text, without the numbers that a flush gives anew."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f"SELECT (to_jsonb(t) - '{{id,content_type_id}}'::text[])::text FROM {table} AS t ORDER BY 1"
            )
            found[table] = [row for (row,) in cursor.fetchall()]
    return found


def write_rows() -> None:
    User.objects.create_user("somebody").user_permissions.add(Permission.objects.first())
    Company.objects.create(name="Here", slug="here")


def add_a_content_type() -> None:
    ContentType.objects.create(app_label="made", model="up")


def change_a_permission() -> None:
    Permission.objects.filter(codename="view_company").update(name="Changed")


@pytest.mark.parametrize("change", [None, add_a_content_type, change_a_permission])
def test_what_is_left_is_what_a_flush_leaves(change):
    write_rows()
    if change:
        change()
    TransactionTestCase()._fixture_teardown()
    found = all_rows()
    call_command("flush", verbosity=0, interactive=False)
    assert found == all_rows()


@pytest.mark.parametrize("is_much", [True, False])
def test_little_is_deleted_and_much_gets_new_files(is_much, monkeypatch):
    monkeypatch.setattr(cleaning, "LARGE", 0 if is_much else 2**20)
    cleaner = cleaning.Cleaner(lambda _: pytest.fail("no flush is needed"))
    before = file_of("companies")
    write_rows()
    cleaner.clean(TransactionTestCase())
    assert (file_of("companies") != before) == is_much
    found = all_rows()
    call_command("flush", verbosity=0, interactive=False)
    assert found == all_rows()
    with connection.cursor() as cursor:
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone()[0] == "origin"


def file_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_filenode(%s)", [table])
        number: int = cursor.fetchone()[0]
        return number


def test_the_usual_test_needs_no_flush():
    flushes: list[TransactionTestCase] = []
    cleaner = cleaning.Cleaner(flushes.append)
    write_rows()
    cleaner.clean(TransactionTestCase())
    assert not User.objects.exists()
    assert not Company.objects.exists()
    assert not flushes

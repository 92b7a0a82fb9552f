"""Statements a connection plans once."""

import pytest
from django.db import DataError, IntegrityError, connection, transaction

from crm.models import Company
from crm.sql.prepared import prepared_cursor

pytestmark = pytest.mark.django_db


def prepared(like: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [like])
        return cursor.fetchone()[0]


def test_a_statement_is_prepared_once_for_its_connection():
    for number in range(3):
        with prepared_cursor() as cursor:
            cursor.execute("SELECT %s::int + 4711", [number])
            assert cursor.fetchone() == (number + 4711,)
    assert prepared("%+ 4711%") == 1


def test_other_statements_of_the_connection_are_not_prepared():
    with prepared_cursor():
        pass
    assert connection.connection.prepare_threshold is None
    Company.objects.count()
    assert prepared("%FROM%companies%") == 0


def test_values_are_those_of_other_cursors():
    statement = "SELECT id, created_at, name FROM companies"
    Company.objects.create(name="Here \u2713", slug="here")
    with connection.cursor() as cursor:
        cursor.execute(statement)
        plain = cursor.fetchall()
    with prepared_cursor() as cursor:
        cursor.execute(statement)
        assert cursor.fetchall() == plain


def test_errors_and_counts_are_djangos(django_assert_num_queries):
    with django_assert_num_queries(1), prepared_cursor() as cursor:
        cursor.execute("SELECT %s::int", [1])
    with pytest.raises(DataError), transaction.atomic(), prepared_cursor() as cursor:
        cursor.execute("SELECT 1 / %s::int", [0])
    Company.objects.create(name="Here", slug="here")
    with pytest.raises(IntegrityError), transaction.atomic(), prepared_cursor() as cursor:
        cursor.execute("INSERT INTO companies SELECT * FROM companies")

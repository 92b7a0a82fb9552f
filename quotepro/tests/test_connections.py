"""A persistent connection is looked at in front of each request, and asked only where it may be dead."""

import psycopg
import pytest
from django.conf import settings
from django.core.signals import request_started
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from quotepro.connections import trust_a_quiet_socket
from quotepro.env import with_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def persistent():
    """The connection as the production entry point has it: kept, and asked for its health."""
    # Not one that a test before has left with something to read.
    connection.close()
    connection.ensure_connection()
    before = connection.health_check_enabled
    connection.health_check_enabled = True
    # Behind Django's own, as in a server: test clients take that one out and put it back last.
    request_started.disconnect(trust_a_quiet_socket)
    request_started.connect(trust_a_quiet_socket)
    yield
    connection.health_check_enabled = before
    connection.close()


def begin_a_request():
    request_started.send(sender=None)


def test_a_live_connection_is_not_asked(persistent, monkeypatch):
    monkeypatch.setattr(type(connections["default"]), "is_usable", lambda self: pytest.fail("the server was asked"))
    begin_a_request()
    with CaptureQueriesContext(connection) as asked, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert len(asked) == 1


def test_one_that_the_server_has_ended_is_made_anew(persistent):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_database()")
        pid, name = cursor.fetchone()
    with psycopg.connect(with_database(settings.DATABASE_URL, name), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])
    begin_a_request()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone()[0] != pid

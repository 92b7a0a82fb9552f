"""Files made to do something when they are restored (T60): what we have not signed is not given to pg_restore at all."""

import subprocess

import pytest
from django.db import connection

from migration_ops.backups import clients
from migration_ops.backups.container import seal
from migration_ops.exceptions import ArchiveRefused, BackupRefused
from migration_ops.retirement import remove
from migration_ops.tests.backups.conftest import scratch_databases, verify
from migration_ops.tests.cutover.test_attempts import everything

pytestmark = pytest.mark.django_db(transaction=True)

HOSTILE = """\\! touch {marker}
\\copy (SELECT 1) TO PROGRAM 'touch {marker}'
CREATE FUNCTION evil() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE quotes'; END $$;
COPY (SELECT 1) TO PROGRAM 'touch {marker}';
ALTER TABLE quotes OWNER TO postgres;
"""


@pytest.fixture
def never(monkeypatch):
    """Whoever starts pg_restore is found out."""

    def start(command, **_):
        raise AssertionError(f"{command} was started")

    monkeypatch.setattr(clients, "start", start)


def plain(path, marker):
    path.write_text(HOSTILE.format(marker=marker))


def dump(path, marker):
    """A real dump of pg_dump's with a function in it, not ours."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE FUNCTION evil() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        cursor.execute("SHOW server_version_num")
        program = clients.program("pg_dump", server_major=int(cursor.fetchone()[0]) // 10_000)
        try:
            subprocess.run(
                [program, "--format=custom", "--schema-only", "--file", path, connection.settings_dict["NAME"]],
                env=clients.environment(None), check=True, capture_output=True,
            )  # fmt: skip
        finally:
            cursor.execute("DROP FUNCTION evil()")


def behind_our_name(path, marker):
    """Hostile content with a footer that looks like ours."""
    plain(path, marker)
    with path.open("ab") as file:
        file.write(b"{}" + b"\n%012d %s quotepro-backup\n" % (2, b"0" * 64))


def sealed_elsewhere(path, marker, settings):
    """Whole and signed, by somebody with another key."""
    dump(path, marker)
    key = settings.SECRET_KEY
    settings.SECRET_KEY = "of somebody else"
    seal(path, {"tables": {}, "companies": {}, "server_major": 18})
    settings.SECRET_KEY = key


KINDS = {
    "psql meta-commands": (plain, "it is no backup made by `backup`"),
    "a dump of pg_dump": (dump, "pg_dump made it and not `backup`"),
    "a footer like ours": (behind_our_name, "its manifest was changed"),
    "signed by another installation": (sealed_elsewhere, "made with another SECRET_KEY"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_we_have_not_signed_is_not_restored(company, tmp_path, settings, kind, request):
    make, words = KINDS[kind]
    path, marker = tmp_path / "evil.backup", tmp_path / "marker"
    make(path, marker, *([settings] if make is sealed_elsewhere else []))
    before = everything()
    request.getfixturevalue("never")
    with pytest.raises(BackupRefused, match=words):
        verify(path)
    with pytest.raises((BackupRefused, ArchiveRefused), match=words):
        remove.restore(company, path, person="bob", reason="", actor="test")
    assert everything() == before
    assert not marker.exists()
    assert scratch_databases() == []

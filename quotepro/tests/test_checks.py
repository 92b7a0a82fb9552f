import pytest
from django.core.checks import Error, Warning, run_checks

from quotepro.checks import server_findings

SOUND = {
    "server_version_num": "180004",
    "server_encoding": "UTF8",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
}


@pytest.mark.parametrize(
    ("name", "value", "in_production", "in_development"),
    [
        ("fsync", "off", (Error, "quotepro.E001"), (Warning, "quotepro.E001")),
        ("synchronous_commit", "off", (Error, "quotepro.E002"), None),
        ("full_page_writes", "off", (Error, "quotepro.E003"), (Warning, "quotepro.E003")),
        ("server_version_num", "140011", (Error, "quotepro.E004"), (Error, "quotepro.E004")),
        ("server_encoding", "SQL_ASCII", (Error, "quotepro.E005"), (Error, "quotepro.E005")),
        ("synchronous_commit", "remote_apply", None, None),
    ],
)
def test_a_server_that_would_hurt_is_found(name, value, in_production, in_development):
    for is_production, expected in ((True, in_production), (False, in_development)):
        found = server_findings(SOUND | {name: value}, is_production=is_production)
        assert [(type(message), message.id) for message in found] == ([expected] if expected else [])


@pytest.mark.django_db
def test_the_server_of_the_suite_is_sound():
    assert run_checks(databases=["default"]) == []

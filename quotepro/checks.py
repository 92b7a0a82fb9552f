"""System checks of the database server, run by ``migrate`` and ``check --database default``."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

OLDEST_POSTGRES = 150000
# A committed batch or an acknowledged write must survive a crash of the machine.
DURABILITY = {"fsync": "E001", "synchronous_commit": "E002", "full_page_writes": "E003"}


@register(Tags.database)
def check_server(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """Refuses a PostgreSQL that is too old and, in production, one that may lose committed writes."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
                [[*DURABILITY, "server_version_num", "server_encoding"]],
            )
            found += server_findings(dict(cursor.fetchall()), is_production=settings.IS_PRODUCTION)
    return found


def server_findings(server: dict[str, str], *, is_production: bool) -> list[CheckMessage]:
    """What is wrong with a server, from its settings by name."""
    found: list[CheckMessage] = []
    if int(server["server_version_num"]) < OLDEST_POSTGRES:
        found.append(
            Error("PostgreSQL is older than 15.", hint="Use PostgreSQL 15 to 18.", id="quotepro.E004"),
        )
    if server["server_encoding"] != "UTF8":
        found.append(
            Error(
                f"The database is encoded in {server['server_encoding']}.",
                hint="Create it with ENCODING 'UTF8': other encodings cannot hold every legacy text.",
                id="quotepro.E005",
            )
        )
    kind = Error if is_production else Warning
    for name, number in DURABILITY.items():
        if server[name] != "off" or (not is_production and name == "synchronous_commit"):
            continue  # the embedded server has synchronous_commit off on purpose
        found.append(
            kind(
                f"The PostgreSQL server runs with {name} = off: it may lose committed writes.",
                hint=f"Set {name} = on in postgresql.conf.",
                id=f"quotepro.{number}",
            )
        )
    return found

"""pg_dump and pg_restore of the server's major version, run without a secret on their command line."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

from migration_ops.exceptions import BackupImpossible

DEBIAN = Path("/usr/lib/postgresql")
VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def parameters(database: str | None = None) -> dict[str, str]:
    """libpq's parameters of Django's own connection, or of another database of the same server."""
    known = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    found = {key: str(value) for key, value in connection.get_connection_params().items() if key in known}
    return found | ({"dbname": database} if database else {})


def session(database: str | None = None, *, autocommit: bool = False) -> psycopg.Connection:
    """A connection of its own to the database in use, or to another one of the same server; the caller closes it."""
    return psycopg.connect(make_conninfo("", **parameters(database)), autocommit=autocommit)


def environment(database: str | None = None) -> dict[str, str]:
    """The same for a program: in variables of its process, for a command line can be read by everybody."""
    variables = {option.keyword.decode(): option.envvar for option in pq.Conninfo.get_defaults()}
    # Without PG… of this process: they would mix with ours.
    own = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return own | {
        variable.decode(): value
        for key, value in parameters(database).items()
        if (variable := variables[key]) is not None and key not in ("application_name", "client_encoding")
    }


def program(name: str, *, server_major: int, folders: Iterable[Path] | None = None) -> Path:
    """`pg_dump` or `pg_restore` of the server's major version.

    Args:
        folders: where to look; by default pip's package, PATH and Debian's folders.

    Raises:
        BackupImpossible: there is none of this version. What a newer one restores, an older server refuses.
    """
    found: dict[int, Path] = {}
    for folder in _folders(server_major) if folders is None else folders:
        if (major := _major(folder / name)) is not None:
            found.setdefault(major, folder / name)
    if server_major in found:
        return found[server_major]
    remedy = f"install the client programs of PostgreSQL {server_major} and put them on PATH"
    if not found:
        raise BackupImpossible(why=f"there is no {name}: {remedy}")
    what = ", ".join(f"{major} ({path})" for major, path in sorted(found.items()))
    older = "is older than the server" if max(found) < server_major else "does not match the server"
    raise BackupImpossible(why=f"{name} {what} {older}, which is PostgreSQL {server_major}: {remedy}")


def _folders(server_major: int) -> list[Path]:
    on_path = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    return [*settings.POSTGRES_CLIENT_FOLDERS, *on_path, DEBIAN / str(server_major) / "bin"]


def _major(path: Path) -> int | None:
    if shutil.which(path) is None:
        return None
    try:
        done = subprocess.run([path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = VERSION.search(done.stdout)
    return int(match[1]) if match and not done.returncode else None


def start(command: list[str | Path], *, database: str | None = None) -> "subprocess.Popen[str]":
    """Start one of them; what it says against goes to a pipe."""
    return subprocess.Popen(
        command, env=environment(database), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, errors="replace",
    )  # fmt: skip


def finish(process: "subprocess.Popen[str]", what: str) -> None:
    """Wait for its end.

    Raises:
        BackupImpossible: it failed; says its first error.
    """
    _, said = process.communicate()
    if process.returncode:
        lines = [line for line in said.splitlines() if "error:" in line] or said.splitlines() or ["no message"]
        raise BackupImpossible(why=f"{what} ended with {process.returncode}: {lines[0].strip()}")


def end(process: "subprocess.Popen[str]") -> None:
    """Stop it where it still runs; for every way out."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stderr:
        process.stderr.close()

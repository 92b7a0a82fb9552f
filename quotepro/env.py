"""Typed readers of environment variables that fail loudly.

Every reader refuses a value it cannot use with ``SettingRefused``: one line with the variable, the value
(passwords masked) and the remedy. An empty variable counts as not set.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit, urlunsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import make_conninfo

_env: Final = environ.Env()

POSTGRES_EXAMPLE: Final = "postgres://user:password@host:5432/database"
REDIS_EXAMPLE: Final = "redis://:password@host:6379/0"
# Without the parser's own words: they quote what it took for the port, which may be half a password.
UNREADABLE: Final = "cannot be read (a port must be a number, special characters of a password percent-encoded)"

# A session behaves the same on every server, whatever the role, the database or postgresql.conf say: text dates,
# unqualified names and floats must not depend on where we run.
SESSION_OPTIONS: Final = " ".join(
    f"-c {name}={value}"
    for name, value in {
        "TimeZone": "UTC",
        "DateStyle": "ISO,MDY",
        "IntervalStyle": "postgres",
        "search_path": "public",
        "extra_float_digits": "1",
        "standard_conforming_strings": "on",
        "default_transaction_isolation": r"read\ committed",
    }.items()
)


class SettingRefused(ImproperlyConfigured):
    """A setting is missing or unusable; the message is one line with the remedy."""


def masked(url: str) -> str:
    """The URL with every password replaced by ``***``; works on text that is no URL at all."""
    shown = re.sub(r"(?i)\b(password|sslpassword|passfile)=[^&\s]*", r"\1=***", url)
    head, at, tail = shown.rpartition("@")
    if not at:
        return shown
    scheme, separator, userinfo = head.rpartition("://") if "://" in head else ("", "", head)
    user, colon, _password = userinfo.partition(":")
    return f"{scheme}{separator}{user}{colon}{'***' if colon else ''}@{tail}"


def text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks, or the default when it is empty or not set."""
    value: str = _env.str(name, default="").strip()
    return value or default


def flag(name: str, default: bool) -> bool:
    """A yes or no. Raises SettingRefused on anything else."""
    value = text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise SettingRefused(f"{name}={value!r} is neither yes nor no; set it to 1 or 0.")


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """A whole number from low to high. Raises SettingRefused on anything else."""
    value = text(name)
    if not value:
        return default
    if not re.fullmatch(r"-?\d{1,18}", value) or not low <= int(value) <= high:
        raise SettingRefused(f"{name}={value!r} is not a whole number from {low} to {high}; correct it or unset it.")
    return int(value)


def web_address(name: str) -> str:
    """An http or https address without a user; empty when it is not set. Raises SettingRefused on anything else."""
    value = text(name)
    if not value:
        return ""
    example = "https://hooks.example/services/a/b"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or "@" in parts.netloc or re.search(r"[\s\x00-\x1f\x7f]", value) or not value.isascii():
        raise SettingRefused(f"{name} is no http or https address without a user, such as {example}; correct it.")
    return value


def some_of(name: str, options: Sequence[str]) -> list[str]:
    """A comma-separated list of the options; all of them when it is not set, none for "none"."""
    given = names(name, options)
    if given == ["none"]:
        return []
    if unknown := [each for each in given if each not in options]:
        raise SettingRefused(f"{name}: {', '.join(unknown)} unknown; give some of {', '.join(options)}, or none.")
    return given


def day(name: str, default: str) -> datetime:
    """The variable as midnight UTC of a day such as 2027-01-31."""
    value = text(name, default)
    try:
        return datetime.strptime(value, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise SettingRefused(f"{name}={value} is no day; write it as 2027-01-31.") from error


def names(name: str, default: Sequence[str] = ()) -> list[str]:
    """A comma-separated list without blanks and empty parts."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def choice(name: str, options: Sequence[str], default: str) -> str:
    """One of the options. Raises SettingRefused on anything else."""
    value = text(name, default)
    if value not in options:
        raise SettingRefused(f"{name}={value!r} is unknown; set it to one of: {', '.join(options)}.")
    return value


def require(*variables: str, why: str) -> None:
    """Raises SettingRefused, naming all of the variables that are empty or not set, and why they are needed."""
    missing = [name for name in variables if not text(name)]
    if missing:
        raise SettingRefused(f"Not set: {', '.join(missing)}; {why} (the embedded servers are for development).")


def postgres_settings(url: str, *, name: str = "DATABASE_URL") -> dict[str, Any]:
    """Django's settings of one PostgreSQL database.

    Args:
        url: ``postgres://user:password@host:port/database?option=value``; a socket folder as ``?host=/folder``.
        name: the variable the URL came from, for messages.
    Raises:
        SettingRefused: unparsable, another kind of database, no database name, an unknown option.
    """
    config = _parsed(url, name)
    options: dict[str, Any] = config.pop("OPTIONS", {})
    for key in ("host", "port", "user", "password"):
        # One form for everybody who builds a command line from the settings (dbshell, pg_dump).
        if key in options:
            config[key.upper()] = options.pop(key)
    if not config["NAME"]:
        raise _refused(url, name, "names no database")
    try:
        make_conninfo(**options)
    except ProgrammingError as error:
        raise _refused(url, name, f"has an {str(error).strip()}") from error
    options["options"] = f"{options.get('options', '')} {SESSION_OPTIONS}".strip()
    config["OPTIONS"] = {"application_name": "quotepro", "connect_timeout": 10, "keepalives_idle": 60} | options
    return config


def _parsed(url: str, name: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises on a port that is no number
        if parts.scheme not in {"postgres", "postgresql"}:
            raise _refused(url, name, f"has the unknown scheme {parts.scheme!r}" if parts.scheme else "has no scheme")
        if "@" in parts.path:
            raise ValueError  # the path began inside the password
        config: dict[str, Any] = environ.Env.db_url_config(url, engine="django.db.backends.postgresql")
    except ValueError:
        raise _refused(url, name, UNREADABLE) from None
    return config


def _refused(url: str, name: str, what: str) -> SettingRefused:
    example = REDIS_EXAMPLE if name == "REDIS_URL" else POSTGRES_EXAMPLE
    return SettingRefused(f"{name}={masked(url)} {what}; it should look like {example}.")


def redis_url(url: str, *, name: str = "REDIS_URL") -> str:
    """The URL of a Redis or Valkey, unchanged.

    Raises:
        SettingRefused: unparsable, an unknown scheme, no host, a database that is no number.
    """
    try:
        parts = urlsplit(url)
        port_is_bad = parts.port is not None and not 0 < parts.port < 65536
    except ValueError:
        raise _refused(url, name, UNREADABLE) from None
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise _refused(url, name, f"has the unknown scheme {parts.scheme!r}" if parts.scheme else "has no scheme")
    if port_is_bad or (parts.scheme != "unix" and not parts.hostname) or (parts.scheme == "unix" and not parts.path):
        raise _refused(url, name, "names no host")
    database = parts.path.lstrip("/") if parts.scheme != "unix" else parse_qs(parts.query).get("db", ["0"])[0]
    if database and not database.isdigit():
        raise _refused(url, name, f"has the database {database!r}, which is no number")
    return url


def celery_url(url: str) -> str:
    """The same server as Celery spells it: its sockets are ``redis+socket://``, everybody else's ``unix://``."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        database = parse_qs(parts.query).get("db", ["0"])[0]
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
    if parts.scheme == "rediss" and "ssl_cert_reqs" not in parts.query:
        # kombu refuses a TLS URL that does not say how certificates are checked.
        return urlunsplit(parts._replace(query=f"{parts.query}&ssl_cert_reqs=required".lstrip("&")))
    return url


def with_database(url: str, database: str) -> str:
    """The same server, another database: for scratch copies and tests."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))

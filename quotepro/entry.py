"""Runs one management command; what is wrong with the surroundings becomes one line and exit code 2."""

import gc
import os
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

import django
import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line, get_commands
from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError as BrokerError

from quotepro import env
from quotepro.embedded import EmbeddedError
from quotepro.services import services_start

# Everything else may look at the database, so it finds the embedded one running and its URL tried.
WITHOUT_DATABASE = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "makemigrations",
    "print_settings",
    "services",
    "show_urls",
    "startapp",
    "startproject",
    "version",
}
# These need the server, not the database.
WITHOUT_CONNECTION = {"reset_db"}
# What a shell says of a program that Ctrl-C, or a reader that went away, ended: 128 and the signal's number.
INTERRUPTED = 130
UNREAD = 141
REFUSED = 2
# Hundreds of thousands of objects of imported modules live until the end: Python would look through them for garbage
# a hundred times while a command starts, and once more when it ends, which takes a third of a second of each command.
COLLECT_AFTER_OBJECTS = 50_000


def run(argv: Sequence[str]) -> int:
    """Runs the command of this command line and returns its exit code.

    Settings that are refused, embedded servers that do not start and servers that cannot be reached end with one
    line on stderr and 2, Ctrl-C with one and 130, a reader that goes away in silence and 141. Commands end the
    process themselves for other codes (``SystemExit``).
    """
    gc.set_threshold(COLLECT_AFTER_OBJECTS)
    try:
        # Before Django's own command line, which would carry on without settings and hide the reason.
        _ = settings.INSTALLED_APPS
        django.setup()
        CommandParser.error = _refuse_arguments  # type: ignore[assignment]
        if settings.POSTGRES_IS_EMBEDDED:
            # makemigrations looks whether the database agrees, and need not when there is none yet.
            warnings.filterwarnings("ignore", message="Got an error checking a consistent migration history")
        if _needs_database(argv):
            # An external database is tried first: when it refuses us, nothing of ours should be left running.
            if not settings.POSTGRES_IS_EMBEDDED and argv[1] not in WITHOUT_CONNECTION:
                _try_connection()
            services_start()
        execute_from_command_line(list(argv))
        sys.stdout.flush()
    except (ImproperlyConfigured, EmbeddedError) as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        # Commands that have something to finish or to undo catch the signal themselves.
        sys.stderr.write("stopped by Ctrl-C\n")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read what we say (`| head`) has enough of it. What is left would fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except (redis.exceptions.ConnectionError, redis.exceptions.AuthenticationError, BrokerError) as error:
        return _refuse(
            f"REDIS_URL={env.masked(settings.REDIS_URL)} cannot be used: {error}. Correct it, or start that server."
        )
    finally:
        gc.freeze()
    return 0


def _refuse_arguments(parser: CommandParser, message: str) -> NoReturn:
    """In one line, as everything that is refused; argparse would write the usage of all arguments above it."""
    if not parser.called_from_command_line:
        raise CommandError(f"Error: {message}")
    parser.exit(REFUSED, f"{parser.prog}: {message}; see {parser.prog} --help\n")


def _needs_database(argv: Sequence[str]) -> bool:
    if len(argv) < 2 or {"-h", "--help", "--version"} & set(argv[1:]):
        return False
    if argv[1] == "check":
        return "--database" in argv
    return argv[1] in get_commands() and argv[1] not in WITHOUT_DATABASE


def _try_connection() -> None:
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL={env.masked(settings.DATABASE_URL)} cannot be used: {str(error).strip().rstrip('.?')}. "
            "Correct it, start that server, or create the database; without DATABASE_URL the embedded one is used."
        ) from error
    finally:
        # A command that forks must not share it.
        connection.close()


def _refuse(message: str) -> int:
    sys.stderr.write(" ".join(message.split()) + "\n")
    return REFUSED

"""Another session of the database that Django's own connection uses."""

import psycopg
from django.db import connection
from psycopg.conninfo import make_conninfo

NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def another_session(*, autocommit: bool = False) -> psycopg.Connection:
    """A connection of its own, for what must not be in Django's transaction; the caller closes it."""
    settings = connection.settings_dict
    parameters = {key: str(settings[name]) for key, name in NAMES.items() if settings[name]}
    return psycopg.connect(make_conninfo("", **parameters), autocommit=autocommit)

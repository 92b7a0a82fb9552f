"""The embedded PostgreSQL and Valkey: what a clone without settings runs on.

Importing this package starts nothing. ``Places`` computes where things are, ``EmbeddedPostgres`` and
``EmbeddedValkey`` start, find and stop one server each.
"""

from quotepro.embedded.errors import EmbeddedError
from quotepro.embedded.places import Places
from quotepro.embedded.postgres import EmbeddedPostgres
from quotepro.embedded.valkey import EmbeddedValkey

__all__ = ["EmbeddedError", "EmbeddedPostgres", "EmbeddedValkey", "Places"]

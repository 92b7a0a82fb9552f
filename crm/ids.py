"""Repeatable ids of rows derived from another row: the same whoever writes them, so that a repeat meets them."""

from hashlib import md5
from uuid import UUID


def child_id(parent: UUID, name: str) -> UUID:
    """A name-based UUID (RFC 9562, version 8): 48 bits of the parent's, then the md5 of parent, slash and name.

    As the database function qp_child_id gives it, for as long as that one exists.
    """
    digest = md5(f"{parent}/{name}".encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{parent.hex[:12]}8{digest[13:16]}8{digest[17:]}")

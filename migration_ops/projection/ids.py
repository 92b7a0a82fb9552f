"""Repeatable ids for derived rows, the same as the SQL function qp_uuid gives."""

from hashlib import md5
from uuid import UUID


def derived_id(namespace: UUID, name: str) -> UUID:
    """A name-based UUID (RFC 9562, version 8): md5 of the namespace's text, a slash and the name."""
    digest = md5(f"{namespace}/{name}".encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{digest[:12]}8{digest[13:16]}8{digest[17:]}")


def child_id(parent: UUID, name: str) -> UUID:
    """The id of a row derived from another one, as the SQL function qp_child_id gives: 48 bits of the parent's, then
    the hash of both. Rows written in the order of their parents land side by side in every index."""
    digest = md5(f"{parent}/{name}".encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{parent.hex[:12]}8{digest[13:16]}8{digest[17:]}")


def contact_id(company: UUID, name: str | None, email: str | None, phone: str | None) -> UUID:
    """The id of a contact: equal texts of one company are one contact; absent and empty are apart."""
    parts = ("-" if part is None else f"{len(part.encode())}:{part}" for part in (name, email, phone))
    return derived_id(company, "contact:" + "/".join(parts))

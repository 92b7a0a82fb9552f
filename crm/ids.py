"""Ids derived from a deal's: its job, its invoice, its payment, its line items.

A deal has one id, its lead's and its quote's. What belongs to it once has an id that follows from it, so that the same
row is met again whoever writes it. An id's algorithm never changes.
"""

from hashlib import md5
from uuid import UUID


def deal_child_id(deal: UUID, name: str) -> UUID:
    """The id of a deal's `job`, `invoice`, `payment` or `item:<position>`: 48 bits of the deal's, then a hash."""
    digest = md5(f"{deal}/{name}".encode(), usedforsecurity=False).hexdigest()
    return UUID(f"{deal.hex[:12]}8{digest[13:16]}8{digest[17:]}")

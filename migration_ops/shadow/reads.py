"""A read of API v1, to be made again on either side."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from crm.models import Company
from migration_ops.models.shadow import Endpoint
from migration_ops.selectors.legacy_rows import legacy_page, legacy_row, legacy_some


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was asked: a page of the list, or rows by id (one as the endpoint has it, several in a replay)."""

    endpoint: Endpoint
    limit: int = 0
    offset: int = 0
    ids: tuple[UUID, ...] = ()

    @property
    def name(self) -> str:
        """The page, or the id; of several ids the first."""
        return str(self.ids[0]) if self.ids else f"limit={self.limit}&offset={self.offset}"

    def rows(self, company: Company, *, is_new: bool) -> list[str]:
        """The answer's rows as JSON texts, as this side gives them; none where there is nothing."""
        if self.endpoint is Endpoint.LIST:
            return legacy_page(company, limit=self.limit, offset=self.offset, is_new=is_new)
        if len(self.ids) > 1:
            return legacy_some(company, list(self.ids), is_new=is_new)
        row = legacy_row(company, self.ids[0], is_new=is_new)
        return [] if row is None else [row]


def page(*, limit: int, offset: int) -> Read:
    """A page of the list."""
    return Read(endpoint=Endpoint.LIST, limit=limit, offset=offset)


def some(ids: Sequence[UUID]) -> Read:
    """Rows by id."""
    return Read(endpoint=Endpoint.DETAIL, ids=tuple(ids))


def named(name: str) -> Read:
    """The read of this name."""
    if name.startswith("limit="):
        limit, offset = (int(part.partition("=")[2]) for part in name.split("&"))
        return page(limit=limit, offset=offset)
    return some([UUID(name)])


def digest(rows: Sequence[str]) -> bytes:
    """What an answer is known by again; a waiting read need not keep a page of rows."""
    return blake2b("\n".join(rows).encode(), digest_size=16).digest()

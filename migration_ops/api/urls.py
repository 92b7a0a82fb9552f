"""API v1 as mounted: the legacy shapes, from whichever side leads."""

import uuid
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from django.utils import timezone
from ninja import NinjaAPI, Query

from crm.api.auth import Token, client_of
from crm.api.parsing import StrictParser
from crm.api.problems import Refused
from crm.api.urls import with_problems
from crm.exceptions import NotFound
from crm.models import Company, Scope
from migration_ops.api.schemas import IGNORED, LegacyIn
from migration_ops.dual_write.deals import legacy_row_delete, legacy_row_write
from migration_ops.selectors.legacy_rows import legacy_page, legacy_row
from migration_ops.selectors.standing import standing_of
from migration_ops.shadow.queue import offer
from migration_ops.shadow.reads import page, some

# A row tells of lead, quote, job, invoice and customer at once: v1 is no side door around the scopes of v2.
READ = Token(Scope.LEADS_READ, Scope.QUOTES_READ, Scope.JOBS_READ, Scope.INVOICES_READ, Scope.CUSTOMERS_READ)
WRITE = Token(Scope.LEADS_WRITE, Scope.QUOTES_WRITE, Scope.JOBS_WRITE, Scope.INVOICES_WRITE)
MOST_ROWS = 1000
SUCCESSOR = "/v2/quotes/generate"

api = with_problems(
    NinjaAPI(title="QuotePro API", version="1", urls_namespace="api-v1", docs_url=None, openapi_url=None,
             parser=StrictParser())
)  # fmt: skip


def _shown(company: Company, id: UUID, *, status: int = 200) -> HttpResponse:
    row = legacy_row(company, id, is_new=standing_of(company).is_new)
    if row is None:
        raise NotFound("quote")
    return HttpResponse(row, status=status, content_type="application/json")


def _id_of(request: HttpRequest) -> str:
    return str(getattr(request, "request_id", ""))


def _values(body: LegacyIn) -> dict[str, Any]:
    return body.model_dump(exclude_unset=True, exclude=set(IGNORED))


@api.get("/quotes", auth=READ, deprecated=True)
def quote_list(
    request: HttpRequest,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = MOST_ROWS,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> HttpResponse:
    """Rows, the newest first, as an array."""
    unknown = set(request.GET) - {"limit", "offset"}
    if unknown:
        raise Refused(400, f"There is no parameter {min(unknown)[:80]!r} here.")
    company = client_of(request).company
    standing = standing_of(company)
    rows = legacy_page(company, limit=limit, offset=offset, is_new=standing.is_new)
    offer(company, standing, page(limit=limit, offset=offset), rows, _id_of(request))
    return HttpResponse("[" + ",".join(rows) + "]", content_type="application/json")


@api.post("/quotes", auth=WRITE, deprecated=True)
def quote_create(request: HttpRequest, body: LegacyIn) -> HttpResponse:
    """A new row; its id and times are made here."""
    company, id, now = client_of(request).company, uuid.uuid4(), timezone.now()
    own = {"id": id, "company_id": company.pk, "created_at": now, "updated_at": now}
    legacy_row_write(company, id, _values(body) | own, is_new=True)
    return _shown(company, id, status=201)


@api.get("/quotes/{quote_id}", auth=READ, deprecated=True)
def quote_detail(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """One row."""
    company = client_of(request).company
    standing = standing_of(company)
    row = legacy_row(company, quote_id, is_new=standing.is_new)
    offer(company, standing, some([quote_id]), [] if row is None else [row], _id_of(request))
    if row is None:
        raise NotFound("quote")
    return HttpResponse(row, content_type="application/json")


@api.api_operation(["PUT", "PATCH"], "/quotes/{quote_id}", auth=WRITE, deprecated=True)
def quote_change(request: HttpRequest, quote_id: UUID, body: LegacyIn) -> HttpResponse:
    """Change columns of a row; those that are left out stay."""
    company = client_of(request).company
    legacy_row_write(company, quote_id, _values(body) | {"updated_at": timezone.now()}, is_new=False)
    return _shown(company, quote_id)


@api.delete("/quotes/{quote_id}", auth=WRITE, deprecated=True)
def quote_delete(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """Delete a row, and what the new tables hold of it."""
    legacy_row_delete(client_of(request).company, quote_id)
    return HttpResponse(status=204)


@api.post("/generate-quote", auth=Token(), deprecated=True)
def generate_quote(request: HttpRequest) -> dict[str, str]:
    """As the specification says."""
    return {"error": f"This endpoint is deprecated. Use {SUCCESSOR}"}


urlpatterns: list[URLPattern | URLResolver] = api.urls[0]

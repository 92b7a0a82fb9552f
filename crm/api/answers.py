"""How requests are read and answers made: pages, ETags, preconditions, requests that must be done once."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from crm.api.auth import client_of
from crm.api.problems import Refused
from crm.models import Company
from crm.selectors.api import Page, Position, one, page
from crm.services.deals import deal_hold
from crm.services.idempotency import Answer, once

PAGING = ("limit", "offset", "cursor")
EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
KEY = re.compile(r"[\x21-\x7e]{1,255}")


def company_of(request: HttpRequest) -> Company:
    """The company of the token."""
    return client_of(request).company


def etag_of(body: str) -> str:
    """A strong entity tag: the hash of what is shown."""
    return f'"{sha256(body.encode()).hexdigest()[:32]}"'


def row_answer(request: HttpRequest, kind: str, id: UUID) -> HttpResponse:
    """One row with its ETag; 304 where the reader has it already."""
    body = one(kind, company_of(request), id)
    etag = etag_of(body)
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    return HttpResponse(body, content_type="application/json", headers={"ETag": etag})


def list_answer(
    request: HttpRequest,
    kind: str,
    filters: Mapping[str, Any],
    *,
    limit: int,
    offset: int,
    cursor: str | None,
    known: tuple[str, ...] = (),
) -> HttpResponse:
    """A page. Parameters a list does not know are refused: a filter that is not applied would show too much.

    Args:
        known: names of parameters besides the filters' own.
    """
    unknown = set(request.GET) - {*PAGING, *filters, *known}
    if unknown:
        raise Refused(400, f"There is no parameter {min(unknown)[:80]!r} here.")
    if cursor is not None and offset:
        raise Refused(400, "Give a cursor or an offset, not both.")
    company = company_of(request)
    after = _position(company, kind, cursor) if cursor is not None else None
    found = page(kind, company, filters, limit=limit, offset=offset, after=after)
    return HttpResponse(_page_body(company, kind, found), content_type="application/json")


def _page_body(company: Company, kind: str, found: Page) -> bytes:
    cursor = orjson.dumps(_cursor(company, kind, found.after) if found.after else None)
    return b'{"items":[' + ",".join(found.rows).encode() + b'],"next_cursor":' + cursor + b"}"


def _signer(company: Company, kind: str) -> Signer:
    # Signed for one company and one list: another's, or a made-up one, is refused.
    return Signer(salt=f"cursor/{company.pk}/{kind}", sep="~")


def _cursor(company: Company, kind: str, after: Position) -> str:
    return _signer(company, kind).sign(f"{(after.created_at - EPOCH) // MICROSECOND}_{after.id.hex}")


def _position(company: Company, kind: str, cursor: str) -> Position:
    try:
        at, _, id = _signer(company, kind).unsign(cursor).rpartition("_")
        return Position(created_at=EPOCH + int(at) * MICROSECOND, id=UUID(id))
    except (BadSignature, ValueError) as error:
        raise Refused(400, "This cursor is not one of this list's.") from error


def act(
    request: HttpRequest,
    work: Callable[[Company], UUID | str],
    kind: str,
    *,
    status: int = 200,
    deal: Callable[[Company], UUID] | None = None,
    subject: UUID | None = None,
    needs_match: bool = False,
) -> HttpResponse:
    """Do one write and show the row as it is then.

    Args:
        work: the service; gives the id of the row to show, or the body itself.
        deal: the deal the row belongs to, and `subject` its id: what If-Match is compared under the deal's lock.
        needs_match: refuse without If-Match (a change of fields, which two could make at once).
    """
    company = company_of(request)
    wanted = request.headers.get("If-Match")
    if needs_match and wanted is None:
        raise Refused(428, "Send If-Match with the ETag you have seen, so that no change of somebody else's is lost.")

    def done() -> Answer:
        if wanted is not None and deal is not None and subject is not None:
            deal_hold(company, deal(company))
            if wanted != "*" and etag_of(one(kind, company, subject)) not in [tag.strip() for tag in wanted.split(",")]:
                raise Refused(412, "It was changed meanwhile; read it again.")
        result = work(company)
        body = result if isinstance(result, str) else one(kind, company, result)
        return Answer(status=status, body=body, etag=etag_of(body) if isinstance(result, UUID) else "")

    key = request.headers.get("Idempotency-Key")
    if key is None:
        with transaction.atomic():
            answer = done()
    elif not KEY.fullmatch(key):
        raise Refused(400, "An Idempotency-Key has 1 to 255 printable characters.")
    else:
        parts = (request.method or "", request.get_full_path(), sha256(request.body).hexdigest(), wanted or "")
        answer = once(company, key, sha256("\n".join(parts).encode()).hexdigest(), done)
    headers = {"ETag": answer.etag} if answer.etag else {}
    if answer.is_repeated:
        headers["Idempotency-Replayed"] = "true"
    return HttpResponse(answer.body, status=answer.status, content_type="application/json", headers=headers)

"""Quotes as staff look for them, and the whole story of one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg import sql

from crm.models import Company, Invoice, Job, Lead, Payment, Quote
from crm.ports import deal_story
from crm.selectors.api import CUSTOMERS_BY_KEY, Position, newest_first
from crm.selectors.estimates import is_soon_found
from crm.selectors.search import WORD, customer_filters, of_company, words_query
from crm.sql import statement

PAGE_ROWS = 50
MOST_CUSTOMERS = 100
BY_KEY = sql.SQL("t.customer_id = ANY (ARRAY({}))").format(CUSTOMERS_BY_KEY)
BY_WORDS = sql.SQL("crm_quote_words(t.company_id, t.job_name, t.description) @@ %(words)s::tsquery")
BY_CUSTOMER = sql.SQL(
    "t.customer_id = ANY (ARRAY(SELECT s.id FROM customers_new s WHERE s.company_id = %(company)s"
    " AND crm_customer_words(s.company_id, s.name, s.email) @@ %(search)s::tsquery LIMIT %(most)s))"
)
# As the index has it, which a text of any length must fit.
BY_NUMBER = sql.SQL("left(t.quote_number, 64) = left(%(term)s, 64) AND t.quote_number = %(term)s")
MOST = sql.SQL(" LIMIT %(limit)s")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One quote of the list."""

    id: UUID
    created_at: datetime
    quote_number: str | None
    job_name: str | None
    status: str
    total: Decimal | None
    customer_name: str
    email: str | None
    phone: str | None


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A part of a story: facts by name, and rows of a table where it has one."""

    title: str
    facts: Sequence[tuple[str, Any]]
    head: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = ()


def quotes_found(
    company: Company, *, term: str = "", status: str = "", after: Position | None = None
) -> tuple[list[Found], Position | None]:
    """A page of quotes, the newest first, and where the next one begins; a statement, with words seven at most.

    Args:
        term: an id, a mailbox, a phone, a quote number, or words of the job, the description or the customer's name.
    """
    params: dict[str, Any] = {"company": company.pk, "limit": PAGE_ROWS + 1}
    always: list[sql.Composable] = []
    if status:
        always.append(sql.SQL("t.status = %(status)s"))
        params["status"] = status
    if after is not None:
        always.append(sql.SQL("(t.created_at, t.id) < (%(after_at)s, %(after_id)s)"))
        params |= {"after_at": after.created_at, "after_id": after.id}
    ways = _ways(company, term.strip()[:200], params) if term.strip() else []
    # Each way by its own index and no further than a page: an OR over all of them would read every row of the company.
    pages = [
        _where([way, *always]) + newest_first("t", is_walking=_is_walking(company, way, params, always)) + MOST
        for way in ways
    ] or [_where(always) + newest_first("t") + MOST]
    parts: list[sql.Composable] = [*pages]
    if len(pages) > 1:
        united = sql.SQL(" UNION ").join(sql.SQL("({})").format(page) for page in pages)
        parts = [sql.SQL("SELECT * FROM ({}) AS u").format(united), newest_first("u"), MOST]
    with connection.cursor() as cursor:
        cursor.execute(sql.Composed(parts).as_string(None), params)
        names = [column.name for column in cursor.description]
        rows = [Found(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    more = len(rows) > PAGE_ROWS
    rows = rows[:PAGE_ROWS]
    return rows, Position(created_at=rows[-1].created_at, id=rows[-1].id) if more else None


def _where(conditions: Sequence[sql.Composable]) -> sql.Composed:
    """The statement with these conditions on top of its own."""
    return sql.Composed(
        [sql.SQL(statement("browse_quotes")), *(sql.SQL(" AND {}").format(each) for each in conditions)]
    )


def _is_walking(
    company: Company, way: sql.Composable, params: Mapping[str, Any], always: Sequence[sql.Composable]
) -> bool:
    return way is not BY_WORDS or is_soon_found(
        Quote, company.pk, BY_WORDS, params, rows=params["limit"], within=always
    )


def _ways(company: Company, term: str, params: dict[str, Any]) -> list[sql.Composable]:
    """The conditions of which one must hold; each is served by an index."""
    if re.fullmatch(r"[0-9a-fA-F]{8}-?([0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", term):
        params["id"] = UUID(term)
        return [sql.SQL("t.id = %(id)s")]
    params["term"] = term
    found = customer_filters(company, term)
    if "contact_key" in found:
        params |= found
        return [BY_KEY, BY_NUMBER]
    words = WORD.findall(term.lower())[:8]
    if not words:
        return [BY_NUMBER]
    params |= {"search": words_query(company, words), "most": MOST_CUSTOMERS}
    params["words"] = _stemmed(company, words)
    return [BY_WORDS, BY_CUSTOMER, BY_NUMBER]


def _stemmed(company: Company, words: list[str]) -> str:
    """The words as the quotes' index knows them; a word it leaves out (the, and) asks for nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT plainto_tsquery('pg_catalog.english', %s)::text", [" ".join(words)])
        (query,) = cursor.fetchone()
    return of_company(Quote, company, query) if query else "'c:none'"


def quote_story(company: Company, quote_id: UUID) -> list[Chapter] | None:
    """Everything that belongs to a quote, from the lead to the payment and the legacy row; None where there is none.

    A constant number of statements.
    """
    quote = Quote.objects.select_related("customer", "lead").filter(pk=quote_id, company=company).first()
    if quote is None:
        return None
    chapters = [Chapter(title="Customer", facts=_facts(quote.customer, "name", "email", "phone"))]
    if quote.lead is not None:
        chapters.append(
            _chapter("Lead", quote.lead, "status", "description", "notes", "scheduled_visit_at", "created_at")
        )
    items = quote.items.order_by("position").values_list(
        "position", "name", "description", "quantity", "unit_price", "total"
    )
    chapters.append(
        Chapter(
            title="Quote",
            facts=_facts(quote, "quote_number", "job_name", "status", "description", "subtotal", "discount_amount",
                         "tax_rate", "tax_amount", "total", "sent_at", "created_at", "updated_at"),
            head=("no.", "item", "description", "quantity", "price", "total"), rows=[tuple(item) for item in items],
        )
    )  # fmt: skip
    for job in Job.objects.filter(company=company, quote=quote):
        chapters.append(_chapter("Job", job, "job_number", "status", "scheduled_start", "actual_start", "actual_end"))
    for invoice in Invoice.objects.filter(company=company, job__quote=quote):
        chapters.append(_chapter("Invoice", invoice, "invoice_number", "status", "amount_due", "amount_paid", "sent_at",
                                 "paid_at", "payment_link_url"))  # fmt: skip
    for payment in Payment.objects.filter(company=company, invoice__job__quote=quote):
        chapters.append(_chapter("Payment", payment, "amount", "method", "paid_at"))
    port = deal_story()
    return chapters + [Chapter(title=title, facts=lines) for title, lines in (port(quote_id) if port else [])]


def _chapter(title: str, row: Lead | Job | Invoice | Payment, *names: str) -> Chapter:
    return Chapter(title=title, facts=_facts(row, *names))


def _facts(row: Any, *names: str) -> list[tuple[str, Any]]:
    return [(name.replace("_", " "), getattr(row, name)) for name in names if getattr(row, name) not in (None, "")]

"""Drafts line items from the company's own past quotes; asks nobody outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil
from uuid import UUID

from django.db import connection

from crm.models import Company, Quote
from crm.selectors.search import company_word
from crm.sql import statement
from crm.values import Line

CANDIDATES = 400
SOURCES = 8
# Of many sources an item must be in this share, or each source's oddities would add up.
SHARE = 0.3
MOST_LINES = 25


@dataclass(frozen=True, kw_only=True)
class Source:
    """A past quote the draft goes by, and how like the description it is (0 and up)."""

    id: UUID
    quote_number: str | None
    job_name: str | None
    likeness: Decimal


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    """A line, and the past quotes it was found in."""

    line: Line
    sources: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is proposed, and from where; both empty where nothing like it was ever quoted."""

    lines: tuple[DraftLine, ...]
    sources: tuple[Source, ...]


def draft(company: Company, words: str, *, leave_out: UUID | None = None) -> Draft:
    """Line items of the past quotes most like these words: those with all of them, else those with any.

    Args:
        leave_out: the quote being written, which is no source of itself.
    """
    sources = _similar(company, words, "&", leave_out) or _similar(company, words, "|", leave_out)
    return Draft(lines=tuple(_typical(sources)), sources=tuple(sources))


def _similar(company: Company, words: str, operator: str, leave_out: UUID | None) -> list[Source]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement("similar_quotes"),
            {
                "company": company.pk, "company_word": "".join(company_word(Quote, company)), "words": words,
                "operator": operator, "leave_out": leave_out, "candidates": CANDIDATES, "most": SOURCES,
            },
        )  # fmt: skip
        return [
            Source(id=id, quote_number=number, job_name=name, likeness=likeness)
            for id, number, name, likeness in cursor.fetchall()
        ]


def _typical(sources: Sequence[Source]) -> list[DraftLine]:
    if not sources:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            statement("typical_items"),
            {
                "sources": [source.id for source in sources], "at_least": max(1, ceil(SHARE * len(sources))),
                "most": MOST_LINES,
            },
        )  # fmt: skip
        rows = cursor.fetchall()
    return [
        DraftLine(
            line=Line(name=name, description=description, quantity=quantity, unit_price=unit_price),
            sources=tuple(found_in),
        )
        for name, description, quantity, unit_price, found_in in rows
    ]

"""Links that lead from a page of the CRM or of legacy to what the move knows of it, and back."""

from django.db.models import Model
from django.utils.text import Truncator

from crm.admin.columns import list_of, page_of
from crm.models import Company, Customer, Invoice, Job, Lead, Payment, Quote
from legacy.models import LegacyQuote
from migration_ops.models import (
    CompanyStage,
    DedupConflict,
    LegacyLink,
    MigrationRun,
    QuarantinedRow,
    ShadowCount,
    ShadowGroup,
    Verdict,
)
from migration_ops.selectors.story import conflicts_of, deal_of, story_of

CHAPTERS: dict[type[Model], str] = {
    LegacyQuote: "Legacy row",
    QuarantinedRow: "Quarantine",
    LegacyLink: "Link",
    Lead: "Lead",
    Quote: "Quote",
    Job: "Job",
    Invoice: "Invoice",
    Payment: "Payment",
}
COMPANY_LISTS: tuple[tuple[str, type[Model]], ...] = (
    ("Stage", CompanyStage),
    ("Runs", MigrationRun),
    ("Quarantine", QuarantinedRow),
    ("Possible duplicates", DedupConflict),
    ("Validation", Verdict),
    ("Differences of v1 answers", ShadowGroup),
    ("Compared reads", ShadowCount),
    ("Links", LegacyLink),
)
NAMED = (Quote, Job, Invoice)


def links_of(row: Model) -> list[tuple[str, str]]:
    """Pages that belong to the row, as (words, URL).

    Of a company its lists, of a customer its possible duplicates, of a part of a deal the whole deal.
    """
    if isinstance(row, Company):
        return [(words, list_of(model, company=row.pk)) for words, model in COMPANY_LISTS]
    if isinstance(row, Customer):
        return [(_one_line(f"Possible duplicate: {conflict}"), page_of(conflict)) for conflict in conflicts_of(row)]
    deal = deal_of(row)
    return [(_chapter(part), page_of(part)) for part in story_of(deal)] if deal else []


def _chapter(row: Model) -> str:
    words = CHAPTERS[type(row)]
    return _one_line(f"{words} {row}") if isinstance(row, NAMED) and str(row.pk) not in str(row) else words


def _one_line(words: str) -> str:
    return Truncator(" ".join(words.split())).chars(80)

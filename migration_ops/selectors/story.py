"""What belongs to one legacy row, from the row itself to the payment."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q

from crm.models import Customer, CustomerContact, Invoice, Job, Lead, Payment, Quote
from legacy.models import LegacyQuote
from migration_ops.models import DedupConflict, LegacyLink, QuarantinedRow
from migration_ops.sql.loader import block

SHOWN_CONFLICTS = 10
LOOKED_AT_CONTACTS = 2_000


def deal_of(row: Model) -> UUID | None:
    """The legacy id that a row of the CRM, of legacy or of ours belongs to; None where it belongs to none."""
    reads: dict[type[Model], Callable[[Any], UUID]] = {
        Lead: lambda lead: lead.pk,
        Quote: lambda quote: quote.pk,
        Job: lambda job: job.quote_id,
        Invoice: lambda invoice: invoice.job.quote_id,
        Payment: lambda payment: payment.invoice.job.quote_id,
        LegacyQuote: lambda legacy: legacy.pk,
        LegacyLink: lambda link: link.pk,
        QuarantinedRow: lambda quarantined: quarantined.pk,
    }
    return reads[type(row)](row) if type(row) in reads else None


def story_of(deal: UUID) -> list[Model]:
    """The rows of one deal that exist, in the order of the story; a constant number of statements.

    Rows of legacy and of quarantine carry little more than their id: some of their values cannot be read by Python.
    """
    return [
        *LegacyQuote.objects.filter(pk=deal).only("id", "quote_number"),
        *QuarantinedRow.objects.filter(pk=deal, resolution__in=("", "waived")).only("legacy_id"),
        *LegacyLink.objects.filter(pk=deal).only("legacy_id"),
        *Lead.objects.filter(pk=deal),
        *Quote.objects.filter(pk=deal),
        *Job.objects.filter(quote=deal),
        *Invoice.objects.filter(job__quote=deal),
        *Payment.objects.filter(invoice__job__quote=deal),
    ]


def conflicts_of(customer: Customer) -> list[DedupConflict]:
    """The first possible duplicates of a customer that nobody has decided, the likeliest first."""
    # By their ids: an OR across both contacts' tables would read every question of the company.
    contacts = CustomerContact.objects.filter(company=customer.company_id, customer=customer).order_by()
    ids = list(contacts.values_list("pk", flat=True)[:LOOKED_AT_CONTACTS])
    open_ones = DedupConflict.objects.filter(company=customer.company_id, state=DedupConflict.State.OPEN)
    mine = open_ones.filter(Q(contact_a__in=ids) | Q(contact_b__in=ids))
    return list(mine.select_related("contact_a", "contact_b")[:SHOWN_CONFLICTS])


def legacy_chapters(deal: UUID) -> list[tuple[str, list[tuple[str, str]]]]:
    """What the move knows of a deal, as (title, [(name, value)]): the legacy row as text, its link, its quarantine."""
    chapters = []
    for title, name in (("Legacy row", "legacy_texts"), ("Link", "link_texts"), ("Quarantine", "quarantine_texts")):
        with connection.cursor() as cursor:
            cursor.execute(block("queries/story.sql", name).sql, {"id": deal})
            lines = [(key, value) for key, value in cursor.fetchall() if value is not None]
        if lines:
            chapters.append((title, lines))
    return chapters

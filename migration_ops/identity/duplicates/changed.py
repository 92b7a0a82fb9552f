"""Asks about contacts that came or changed since the last search: the cost is that of looking each of them up."""

import json
from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction

from crm.models import Company
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates import index, store
from migration_ops.identity.duplicates.decisions import decided
from migration_ops.identity.duplicates.lookup import Lookup
from migration_ops.identity.duplicates.policy import Verdict
from migration_ops.identity.duplicates.weights import ENGINE_VERSION
from migration_ops.models import DedupContact
from migration_ops.sql.loader import block

# A sure match of a contact that came later is a question too: only a search of the whole company merges.
SURE = "late_match"
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Contacts looked at, and questions asked about them that were not open before."""

    contacts: int
    questions: int


def ask_about_changed(company: Company) -> Changed:
    """Look every contact up that the last search has not seen, and ask about what it may be the same as.

    Nothing is merged, and no open question is taken back: the next search does that. Works in steps of some hundred
    contacts, each in a transaction of its own; started again after a crash it goes on with those that are left.

    Raises:
        MigrationOpsError: the company has no index to look contacts up by.
    """
    if not DedupContact.objects.filter(company=company).exists():
        raise MigrationOpsError(
            f"{company.slug} has no index to look contacts up by; run find_duplicates --index once, then --changed"
        )
    index.refresh(company)
    contacts = questions = 0
    while True:
        with transaction.atomic():
            store.lock(company)
            with connection.cursor() as cursor:
                cursor.execute(block(index.LOOKUP, "changed").sql, {"company": company.pk, "most": _AT_ONCE})
                customers: dict[UUID, UUID] = dict(cursor.fetchall())
            questions += _ask(company, customers)
        contacts += len(customers)
        if len(customers) < _AT_ONCE:
            return Changed(contacts=contacts, questions=questions)


def _ask(company: Company, customers: dict[UUID, UUID]) -> int:
    """Ask about these contacts, each with its customer; the number of new questions."""
    if not customers:
        return 0
    apart = decided(company).apart
    looker = Lookup(company)
    asked = 0
    for id, record in store.read_some(company, list(customers)):
        own = customers[id]
        seen = {own}
        for match, told in looker.explained(record, but=id):
            low, high = sorted((own, match.customer))
            if match.verdict is Verdict.SEPARATE or match.customer in seen or (low, high) in apart:
                continue
            # Of another customer's contacts the likeliest is asked about.
            seen.add(match.customer)
            a, b = sorted((id, match.contact))
            with connection.cursor() as cursor:
                cursor.execute(
                    block(index.LOOKUP, "ask").sql,
                    {
                        "company": company.pk, "a": a, "b": b, "customers": [own, match.customer],
                        "reason": SURE if match.verdict is Verdict.AUTO else match.why.value,
                        "score": round(match.score, 6), "evidence": json.dumps(told["evidence"]),
                        "counterfactual": told["counterfactual"], "fingerprint": told["fingerprint"],
                        "engine_version": ENGINE_VERSION,
                    },
                )  # fmt: skip
                asked += cursor.rowcount
    return asked

"""Looks one contact up among the company's: the passes, weights and rules of the search, on a handful of records."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection

from crm.models import Company
from migration_ops.identity.duplicates import columns, engine, index, policy, statistics
from migration_ops.identity.duplicates.columns import Columns, ContactTexts
from migration_ops.identity.duplicates.compare import Comparer
from migration_ops.identity.duplicates.decisions import rulings_of
from migration_ops.identity.duplicates.policy import WHYS, Verdict, Why
from migration_ops.identity.duplicates.reading import known_name
from migration_ops.identity.duplicates.statistics import Statistics, Uses
from migration_ops.identity.duplicates.usage import GENERIC_ABOVE, GENERIC_ADDRESS_ABOVE, Usage
from migration_ops.models import DedupRun
from migration_ops.sql.loader import block

LOOKUP = "duplicates/lookup.sql"
# Contacts one look-up compares at most; the passes are capped, so that more is a sign of nothing.
MOST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A known contact that may be the same customer as the one looked up."""

    contact: UUID
    customer: UUID
    score: float
    verdict: Verdict
    why: Why


class Lookup:
    """Looks contacts of one company up; holds what the last run measured, so that each look-up is two short queries.

    Without an index of the company (``find_duplicates --index``) nothing is found.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        run = DedupRun.objects.filter(company=company).first()
        self.size = run.contacts if run else 0
        self.rulings = rulings_of(company)
        self.threshold = run.auto_from if run else policy.auto_from(0)
        self.rates = (
            {field: {int(level): u for level, u in levels.items()} for field, levels in run.rates.items()}
            if run
            else statistics.table_rates()
        )

    def matches(self, contact: ContactTexts, *, but: UUID | None = None) -> list[Match]:
        """The known contacts that may be the same customer, the likeliest first.

        Args:
            contact: as ``read_contact`` gives it; an edited contact is looked up as it is now.
            but: the contact's own id, where it is known already.
        """
        contact = contact._replace(name=self.rulings.name(contact.name))
        alone = columns.build([contact])
        words = self._uses({"address_words": index.value_hashes(alone)["address_words"]})["address_words"]
        _, keys = index.keys_of(alone, words[0], self.company, capped=False)
        found = self._candidates(keys, but)
        if not found:
            return []
        table = columns.build([contact, *(record for _, _, record in found)])
        comparer = Comparer(table, self._statistics(table))
        others = np.arange(1, len(found) + 1, dtype=np.int32)
        scored = engine.scored_of(comparer, np.zeros(len(found), np.int32), others, self.threshold)
        matches = [
            Match(
                contact=found[other - 1][0],
                customer=found[other - 1][1],
                score=score,
                verdict=Verdict(verdict),
                why=WHYS[why],
            )
            for other, score, verdict, why in zip(
                scored.other.tolist(), scored.score.tolist(), scored.verdict.tolist(), scored.why.tolist(), strict=True
            )
        ]
        return sorted(matches, key=lambda match: (-match.score, match.contact))

    def _candidates(self, keys: Uses, but: UUID | None) -> list[tuple[UUID, UUID, ContactTexts]]:
        with connection.cursor() as cursor:
            cursor.execute(
                block(LOOKUP, "candidates").sql,
                {"company": self.company.pk, "keys": keys.tolist(), "but": but, "most": MOST},
            )
            return [
                (
                    id,
                    customer,
                    ContactTexts(
                        self.rulings.name(known_name(name)), tuple(mailboxes), tuple(phones), tuple(addresses)
                    ),
                )
                for id, customer, name, mailboxes, phones, addresses in cursor.fetchall()
            ]

    def _statistics(self, table: Columns) -> Statistics:
        """What is stored about the values at hand, and what these few records themselves show."""
        here = statistics.measure(table)
        stored = self._uses(index.value_hashes(table))
        known = Statistics(
            size=self.size,
            rates=self.rates,
            firsts=np.maximum(here.firsts, stored["firsts"][0]),
            lasts=np.maximum(here.lasts, stored["lasts"][0]),
            companies=np.maximum(here.companies, stored["companies"][0]),
            address_words=np.maximum(here.address_words, stored["address_words"][0]),
            phones=_larger(here.phones, stored["phones"], GENERIC_ABOVE),
            mailboxes=_larger(here.mailboxes, stored["mailboxes"], GENERIC_ABOVE),
            addresses=_larger(here.addresses, stored["addresses"], GENERIC_ADDRESS_ABOVE),
        )
        self.rulings.apply(table, known)
        return known

    def _uses(self, tables: dict[str, Any]) -> dict[str, tuple[Uses, Uses, Uses]]:
        """Of each kind and code: uses, people, companies, as stored; 0 where nothing is."""
        wanted = {kind: table.view(np.int64).tolist() for kind, table in tables.items()}
        values = [value for kind in wanted.values() for value in kind]
        with connection.cursor() as cursor:
            cursor.execute(block(LOOKUP, "values").sql, {"company": self.company.pk, "values": values})
            known = {value: (uses, people, companies) for value, uses, people, companies in cursor.fetchall()}
        result = {}
        for kind, hashed in wanted.items():
            rows = np.array([known.get(value, (0, 0, 0)) for value in hashed], np.int64).reshape(-1, 3)
            result[kind] = (rows[:, 0], rows[:, 1], rows[:, 2])
        return result


def _larger(here: Usage, stored: tuple[Uses, Uses, Uses], generic_above: int) -> Usage:
    people = np.maximum(here.people, stored[1]).astype(np.int32)
    companies = np.maximum(here.companies, stored[2]).astype(np.int32)
    return Usage(
        people, companies, np.maximum(here.records, stored[0]).astype(np.int32), people + companies > generic_above
    )

"""Looks one contact up among the company's: the passes, weights and rules of the search, on a handful of records."""

from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

import numpy as np

from crm.models import Company
from crm.sql.prepared import prepared_cursor
from migration_ops.identity.duplicates import columns, engine, explain, index, policy, statistics
from migration_ops.identity.duplicates.columns import Columns, ContactTexts
from migration_ops.identity.duplicates.compare import Comparer
from migration_ops.identity.duplicates.decisions import rulings_of
from migration_ops.identity.duplicates.explain import Explained
from migration_ops.identity.duplicates.index import UNKNOWN, Counts, counts_in
from migration_ops.identity.duplicates.policy import WHYS, Verdict, Why
from migration_ops.identity.duplicates.reading import known_name
from migration_ops.identity.duplicates.statistics import Statistics, Uses
from migration_ops.identity.duplicates.usage import GENERIC_ABOVE, GENERIC_ADDRESS_ABOVE, Usage
from migration_ops.models import DedupRun
from migration_ops.sql.loader import block

Candidates = list[tuple[UUID, UUID, ContactTexts]]
# Contacts one look-up compares at most; the passes are capped, so that more is a sign of nothing.
MOST = 500
# Contacts one look-up brings into the index first.
FRESH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A known contact that may be the same customer as the one looked up."""

    contact: UUID
    customer: UUID
    score: float
    verdict: Verdict
    why: Why


class Lookup:
    """Looks contacts of one company up; holds what the last run measured, so that each look-up is one statement.

    Contacts that are new since the index was made are brought into it first. Without an index of the company
    (``find_duplicates --index``) nothing is found. ``asked_seconds``: time spent in the statement so far.
    """

    def __init__(self, company: Company) -> None:
        self.company = company
        self.asked_seconds = 0.0
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

        All that a search would find, and perhaps more: of a single contact's address every word is looked for.

        Args:
            contact: as ``read_contact`` gives it; an edited contact is looked up as it is now.
            but: the contact's own id, where it is known already.
        """
        return [match for match, _ in self._compared(contact, but)]

    def explained(self, contact: ContactTexts, *, but: UUID | None = None) -> list[tuple[Match, Explained]]:
        """As ``matches``, each with its evidence."""
        compared = self._compared(contact, but)
        if not compared:
            return []
        comparer, scored, _ = compared[0][1]
        places = np.array([place for _, (_, _, place) in compared], np.int64)
        told = explain.explain(
            comparer, scored.one[places], scored.other[places], scored.verdict[places], scored.why[places],
            self.threshold,
        )  # fmt: skip
        return list(zip([match for match, _ in compared], told, strict=True))

    def _compared(
        self, contact: ContactTexts, but: UUID | None
    ) -> list[tuple[Match, tuple[Comparer, engine.Scored, int]]]:
        """The matches, and where each stands in what was compared."""
        contact = contact._replace(name=self.rulings.name(contact.name))
        alone = columns.build([contact])
        _, keys = index.keys_of(alone, None, self.company, capped=False)
        own = index.of_record(alone, index.value_hashes(alone), 0)
        found, known, stale = self._ask(keys, own, but)
        if stale - {but}:
            # Whoever looks up waits for a few; what came in thousands the next run brings in.
            index.refresh(self.company, most=FRESH)
            found, known, _ = self._ask(keys, own, but)
        if not found:
            return []
        table = columns.build([contact, *(record for _, _, record in found)])
        comparer = Comparer(table, self._statistics(table, known))
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
        order = sorted(range(len(matches)), key=lambda place: (-matches[place].score, matches[place].contact))
        return [(matches[place], (comparer, scored, place)) for place in order]

    def _ask(self, keys: Uses, own: list[int], but: UUID | None) -> tuple[Candidates, Counts, set[UUID]]:
        """Candidates, how common their values and the contact's own are, and contacts the index does not know yet."""
        found: Candidates = []
        known: Counts = {}
        now: Counts = {}
        stale: set[UUID] = set()
        started = perf_counter()
        with prepared_cursor() as cursor:
            cursor.execute(
                block(index.LOOKUP, "look_up").sql,
                {"company": self.company.pk, "keys": keys.tolist(), "values": own, "but": but, "most": MOST},
            )
            rows = cursor.fetchall()
        self.asked_seconds += perf_counter() - started
        for id, customer, name, mailboxes, phones, addresses, counted in rows:
            if id is None:
                now |= counts_in(counted)
            elif customer is None:
                stale.add(id)
            else:
                texts = ContactTexts(
                    self.rulings.name(known_name(name)), tuple(mailboxes), tuple(phones), tuple(addresses)
                )
                found.append((id, customer, texts))
                known |= counts_in(counted)
        return found, known | now, stale

    def _statistics(self, table: Columns, known: Counts) -> Statistics:
        """What is stored about the values at hand, and what these few records themselves show."""
        here = statistics.measure(table)
        stored = {
            kind: np.array([known.get(value, UNKNOWN) for value in hashed.view(np.int64).tolist()]).reshape(-1, 3).T
            for kind, hashed in index.value_hashes(table).items()
        }
        measured = Statistics(
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
        self.rulings.apply(table, measured)
        return measured


def _larger(here: Usage, stored: Uses, generic_above: int) -> Usage:
    people = np.maximum(here.people, stored[1]).astype(np.int32)
    companies = np.maximum(here.companies, stored[2]).astype(np.int32)
    return Usage(
        people, companies, np.maximum(here.records, stored[0]).astype(np.int32), people + companies > generic_above
    )

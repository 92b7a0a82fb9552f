"""The invariants of a company at rest, V1 to V25: nobody writes, and everything captured is applied.

Each is one SQL statement whose rows are what is wrong. `violations` runs one, `assert_invariants` all of them.
test_invariants.py plants a violation of each and sees it found.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

from crm.models import Company
from legacy.models import COLUMNS
from migration_ops.conf import MAPPING_VERSION
from migration_ops.dual_write import capture
from migration_ops.projection.project import Scope
from migration_ops.projection.reasons import QuarantineReason
from migration_ops.sql.loader import block, text
from migration_ops.tests.state import assert_valid, differences, final_rows

OLD_S = 60
"""Seconds after which an open transaction counts as forgotten."""

LINKED = "migration_legacy_link x JOIN quotes q ON q.id = x.legacy_id AND q.company_id = x.company_id"
OPEN = "z.resolution IN ('', 'waived')"
OWN = ", ".join(column for column in COLUMNS)
LATER = "('live', 'rampdown', 'complete')"

INVARIANTS = {
    "V1 place: every legacy row is migrated or set aside": f"""
        SELECT q.id FROM quotes q
          LEFT JOIN migration_legacy_link x ON x.legacy_id = q.id AND x.company_id = q.company_id
          LEFT JOIN migration_quarantined_row z ON z.legacy_id = q.id AND z.company_id = q.company_id AND {OPEN}
         WHERE q.company_id = %(company)s AND (x.legacy_id IS NOT NULL) = (z.legacy_id IS NOT NULL)""",
    "V2 no ghosts: nothing on the new side without its legacy row": """
        SELECT x.legacy_id FROM migration_legacy_link x
         WHERE x.company_id = %(company)s
           AND NOT EXISTS (SELECT FROM quotes q WHERE q.id = x.legacy_id AND q.company_id = x.company_id)
        UNION ALL
        SELECT n.id FROM (SELECT id, company_id FROM leads_new UNION ALL SELECT id, company_id FROM quotes_new) AS n
         WHERE n.company_id = %(company)s
           AND NOT EXISTS (SELECT FROM migration_legacy_link x WHERE x.legacy_id = n.id AND x.company_id = n.company_id)""",
    "V3 round trip: the rebuilt row equals the original": f"""
        WITH original AS (SELECT {OWN} FROM quotes q WHERE q.company_id = %(company)s AND NOT EXISTS (
                            SELECT FROM migration_quarantined_row z
                             WHERE z.legacy_id = q.id AND z.company_id = q.company_id AND {OPEN})),
             rebuilt AS (SELECT {OWN} FROM ({block("inverse/legacy_row.sql", "rebuilt").sql}) AS r)
        SELECT id FROM (TABLE original EXCEPT ALL TABLE rebuilt) AS lost
        UNION ALL SELECT id FROM (TABLE rebuilt EXCEPT ALL TABLE original) AS invented""",
    "V4 money: sums are exact": f"""
        SELECT 1 FROM (SELECT coalesce(sum(q.total), 0) AS quoted,
                              coalesce(sum(coalesce(q.total, 0)) FILTER (WHERE q.paid_at IS NOT NULL), 0) AS paid
                         FROM {LINKED} WHERE x.company_id = %(company)s) AS old,
               (SELECT (SELECT coalesce(sum(total), 0) FROM quotes_new WHERE company_id = %(company)s) AS quoted,
                       (SELECT coalesce(sum(amount), 0) FROM payments WHERE company_id = %(company)s) AS paid) AS new
         WHERE (old.quoted, old.paid) IS DISTINCT FROM (new.quoted, new.paid)""",
    "V5 items: as many, in order": f"""
        SELECT q.id FROM {LINKED}
          LEFT JOIN quote_items_new i ON i.quote_id = q.id AND i.company_id = q.company_id
         WHERE q.company_id = %(company)s
         GROUP BY q.id, q.items
        HAVING count(i.id) <> CASE WHEN jsonb_typeof(q.items) = 'array' THEN jsonb_array_length(q.items) ELSE 0 END
            OR count(DISTINCT i.position) <> count(i.id) OR max(i.position) - min(i.position) + 1 <> count(i.id)""",
    "V6 tenants: no link crosses a company": """
        SELECT q.id FROM quotes_new q JOIN customers_new c ON c.id = q.customer_id
         WHERE %(company)s IN (q.company_id, c.company_id) AND q.company_id <> c.company_id
        UNION ALL SELECT l.id FROM leads_new l JOIN customers_new c ON c.id = l.customer_id
         WHERE %(company)s IN (l.company_id, c.company_id) AND l.company_id <> c.company_id
        UNION ALL SELECT v.id FROM invoices_new v JOIN jobs_new j ON j.id = v.job_id
         WHERE %(company)s IN (v.company_id, j.company_id) AND v.company_id <> j.company_id
        UNION ALL SELECT x.legacy_id FROM migration_legacy_link x JOIN quotes q ON q.id = x.legacy_id
         WHERE %(company)s IN (q.company_id, x.company_id) AND q.company_id <> x.company_id""",
    "V7 merges end at a living customer, to whom everything belongs": """
        SELECT c.id FROM customers_new c LEFT JOIN customers_new m ON m.id = c.merged_into AND m.company_id = c.company_id
         WHERE c.company_id = %(company)s AND c.merged_into IS NOT NULL AND (m.id IS NULL OR m.merged_into IS NOT NULL)
        UNION ALL
        SELECT n.id FROM (SELECT id, company_id, customer_id FROM quotes_new UNION ALL SELECT id, company_id, customer_id FROM leads_new
                          UNION ALL SELECT id, company_id, customer_id FROM jobs_new
                          UNION ALL SELECT id, company_id, customer_id FROM customer_contacts) AS n
          JOIN customers_new c ON c.id = n.customer_id AND c.merged_into IS NOT NULL
         WHERE n.company_id = %(company)s""",
    "V8 identity: every row has its contact, word for word, and a living customer": f"""
        SELECT q.id FROM {LINKED}
          LEFT JOIN customer_contacts k ON k.id = x.contact_id AND k.company_id = x.company_id
          LEFT JOIN customers_new c ON c.id = k.customer_id AND c.merged_into IS NULL
         WHERE x.company_id = %(company)s
           AND (c.id IS NULL OR (k.name, k.email, k.phone) IS DISTINCT FROM (q.customer_name, q.email, q.phone))""",
    "V9 fingerprints: what was migrated is what legacy says now": f"""
        SELECT q.id FROM {LINKED} WHERE x.company_id = %(company)s AND x.fingerprint <> hash_record_extended(q, 0)""",
    "V10 outbox: nothing waits, nothing failed": """
        SELECT o.legacy_id FROM migration_outbox o WHERE o.company_id = %(company)s""",
    "V11 capture is on, both sides": block("queries/capture.sql", "holes").sql,
    "V12 batches tile the ids": """
        SELECT low FROM (SELECT b.low, b.high, lag(b.high) OVER (PARTITION BY b.run_id ORDER BY b.low) AS before
                           FROM migration_batch b JOIN migration_run r ON r.id = b.run_id
                          WHERE r.company_id = %(company)s AND b.kind = 'rows' AND b.state = 'done') AS t
         WHERE before >= low OR low > high""",
    "V13 counters are facts": """
        SELECT r.id FROM migration_run r JOIN migration_batch b ON b.run_id = r.id AND b.kind = 'rows' AND b.state <> 'split'
         WHERE r.company_id = %(company)s AND r.status = 'finished'
         GROUP BY r.id, r.rows_planned HAVING sum(b.rows) <> r.rows_planned
        UNION ALL
        SELECT b.id FROM migration_batch b JOIN migration_run r ON r.id = b.run_id
         WHERE r.company_id = %(company)s AND b.kind = 'rows' AND b.state = 'done'
           AND b.migrated < (SELECT count(*) FROM migration_legacy_link x WHERE x.batch_id = b.id)""",
    "V15 fence: no legacy write was captured that the new side leads": f"""
        SELECT o.id FROM migration_outbox o JOIN migration_company_stage s USING (company_id)
         WHERE s.company_id = %(company)s AND s.stage IN {LATER}""",
    "V16 echo: our own writes come back from neither side": """
        SELECT r.id FROM migration_reverse_outbox r WHERE r.company_id = %(company)s
        UNION ALL SELECT f.id FROM migration_finding f WHERE f.company_id = %(company)s AND f.kind = 'foreign_write'""",
    "V17 quarantine is complete and explained": """
        SELECT z.legacy_id FROM migration_quarantined_row z
         WHERE z.company_id = %(company)s
           AND (z.reason <> ALL (%(reasons)s) OR z.source IS NULL OR (z.resolution = '') <> (z.resolved_at IS NULL))""",
    "V18 document numbers: the same ones, as often": f"""
        WITH old AS (SELECT q.invoice_number AS number FROM {LINKED}
                      WHERE x.company_id = %(company)s AND q.invoice_number IS NOT NULL),
             new AS (SELECT invoice_number FROM invoices_new WHERE company_id = %(company)s AND invoice_number IS NOT NULL)
        (TABLE old EXCEPT ALL TABLE new) UNION ALL (TABLE new EXCEPT ALL TABLE old)""",
    "V19 payments: what is paid is the sum of the payments": """
        SELECT v.id FROM invoices_new v LEFT JOIN payments p ON p.invoice_id = v.id AND p.company_id = v.company_id
         WHERE v.company_id = %(company)s
         GROUP BY v.id, v.amount_paid HAVING coalesce(v.amount_paid, 0) <> coalesce(sum(p.amount), 0)""",
    "V20 nothing volatile, nothing invalid, collation unchanged": """
        SELECT relname::text FROM pg_class WHERE relpersistence = 'u' AND relnamespace = 'public'::regnamespace
        UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready
        UNION ALL SELECT conname::text FROM pg_constraint WHERE NOT convalidated AND connamespace = 'public'::regnamespace
        UNION ALL SELECT collname::text FROM pg_collation
         WHERE collversion IS NOT NULL AND collversion <> pg_collation_actual_version(oid)
        UNION ALL SELECT datname::text FROM pg_database WHERE datname = current_database()
           AND datcollversion IS NOT NULL AND datcollversion <> pg_database_collation_actual_version(oid)""",
    "V21 schema: every legacy column is known, and every known one is there": """
        SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = 'public.quotes'::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname::text <> ALL (%(columns)s)
        UNION ALL
        SELECT c FROM unnest(%(columns)s::text[]) AS c
         WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'public.quotes'::regclass AND a.attname::text = c
                              AND NOT a.attisdropped)""",
    "V22 verdicts: every depth, passed, of all rows, on this mapping": """
        SELECT d.depth FROM unnest('{counts,checksum,fields,roundtrip,business}'::text[]) AS d(depth)
          LEFT JOIN LATERAL (SELECT * FROM migration_verdict v WHERE v.company_id = %(company)s AND v.depth = d.depth
                              ORDER BY v.id DESC LIMIT 1) AS v ON true
         WHERE v.id IS NULL OR NOT v.has_passed OR v.rows_checked <> v.rows_expected OR v.rows_checked = 0
            OR v.mapping_version <> %(mapping_version)s""",
    "V23 audit: the last step is in the log, and the chain is whole": """
        SELECT s.company_id::text FROM migration_company_stage s
         WHERE s.company_id = %(company)s
           AND s.stage IS DISTINCT FROM (SELECT a.detail ->> 'after' FROM migration_audit_log a
                                          WHERE a.company_id = s.company_id AND a.action = 'stage' ORDER BY a.id DESC LIMIT 1)
        UNION ALL
        SELECT id::text FROM (SELECT a.id, a.prev_hash, lag(a.hash) OVER (ORDER BY a.id) AS expected FROM migration_audit_log a) AS c
         WHERE expected IS NOT NULL AND prev_hash <> expected""",
    "V24 tenants: every reference inside the CRM holds the company": """
        SELECT c.conname::text FROM pg_constraint c
         WHERE c.contype = 'f' AND cardinality(c.conkey) < 2 AND c.confrelid <> 'public.companies'::regclass
           AND c.confrelid = ANY (ARRAY['public.customers_new', 'public.customer_contacts', 'public.customer_addresses', 'public.leads_new',
               'public.quotes_new', 'public.jobs_new', 'public.invoices_new']::regclass[])
           AND c.conrelid = ANY (ARRAY['public.customer_contacts', 'public.customer_addresses', 'public.leads_new', 'public.quotes_new',
               'public.quote_items_new', 'public.jobs_new', 'public.invoices_new', 'public.payments']::regclass[])""",
    "V25 nobody forgot a transaction": """
        SELECT pid::text FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL
           AND clock_timestamp() - xact_start > %(old_s)s * interval '1 second'
        UNION ALL SELECT gid FROM pg_prepared_xacts WHERE database = current_database()""",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Violation:
    """An invariant that does not hold, and some of the rows that show it."""

    name: str
    rows: list[tuple[Any, ...]]


def violations(company: Company, name: str, *, old_s: float = OLD_S) -> list[tuple[Any, ...]]:
    """What violates one invariant; at most five rows of it."""
    params = Scope(company=company).params() | {
        "reasons": list(QuarantineReason.values), "columns": list(COLUMNS), "mapping_version": MAPPING_VERSION,
        "source": text(capture.LEGACY_SIDE) + text(capture.NEW_SIDE), "old_s": old_s,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(INVARIANTS[name], params)
        return list(cursor.fetchmany(5))


def assert_invariants(*companies: Company) -> None:
    """Every invariant of these companies holds, and a complete validation passes."""
    for company in companies:
        assert_valid(company)
        found = [Violation(name=name, rows=rows) for name in INVARIANTS if (rows := violations(company, name))]
        assert not found, (company.slug, found)


def assert_second_pass_changes_nothing(again: Any) -> None:
    """V14: what is done once more leaves every row as it was.

    Args:
        again: does it.
    """
    before = final_rows()
    again()
    assert differences(before, final_rows()) == [], "V14"

"""The invariants of a company at rest: nobody writes, and everything captured is applied.

Validation at every depth covers places, ghosts, round trip, money, items, tenants, merges, contacts, fingerprints,
counters and quarantine (V1 to V9, V13, V17 to V19). Here are those that are about change.
"""

from django.db import connection

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import audit, transitions
from migration_ops.dual_write import capture
from migration_ops.dual_write.lag import lag_of
from migration_ops.models import AuditLine
from migration_ops.tests.state import assert_valid

QUERIES = {
    "V7 merges end at a living customer": (
        "SELECT c.id FROM customers_new c JOIN customers_new m ON m.id = c.merged_into"
        " WHERE c.company_id = %s AND m.merged_into IS NOT NULL"
    ),
    "V12 batches tile the ids": (
        "SELECT low FROM (SELECT b.low, b.high, lag(b.high) OVER (PARTITION BY b.run_id ORDER BY b.low) AS before"
        "  FROM migration_batch b JOIN migration_run r ON r.id = b.run_id"
        "  WHERE r.company_id = %s AND b.kind = 'rows' AND b.state = 'done') AS t WHERE before >= low"
    ),
    "V15 no legacy write was captured that the new side leads": (
        "SELECT o.id FROM migration_outbox o JOIN migration_company_stage s USING (company_id)"
        " WHERE s.company_id = %s AND s.stage IN ('live', 'rampdown', 'complete')"
    ),
    "V24 references cannot leave the company": (
        "SELECT q.id FROM quotes_new q JOIN customers_new c ON c.id = q.customer_id"
        " WHERE q.company_id = %s AND c.company_id <> q.company_id"
    ),
}
GENERAL = {
    "V20 nothing volatile, nothing invalid": (
        "SELECT relname FROM pg_class WHERE relpersistence = 'u' AND relnamespace = 'public'::regnamespace"
        " UNION ALL SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid OR NOT indisready"
    ),
    "V25 nobody forgot a transaction": (
        "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
        " AND now() - xact_start > interval '60 s'"
    ),
}


def assert_invariants(*companies: Company) -> None:
    """Every invariant of these companies holds."""
    assert capture.holes() == [], "V11"
    ensure_no_drift()  # V21
    with connection.cursor() as cursor:
        for name, query in GENERAL.items():
            cursor.execute(query)
            assert cursor.fetchall() == [], name
    assert audit.verify().is_whole, "V23"
    for company in companies:
        lag = lag_of(company)
        assert (lag.waiting, lag.failed) == (0, 0), "V10, V16: nothing waits, nothing echoes"
        with connection.cursor() as cursor:
            for name, query in QUERIES.items():
                cursor.execute(query, [company.pk])
                assert cursor.fetchall() == [], name
        last = AuditLine.objects.filter(company_id=company.pk, action="stage").first()
        assert last is not None, "V23"
        assert last.detail["after"] == transitions.stage_of(company), "V23"
        assert_valid(company)  # V1 to V6, V8, V9, V13, V14, V17 to V19, V22

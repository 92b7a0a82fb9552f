"""What the rollback drill does inside its scratch database: ``python -m`` this module, one JSON object on stdout."""

import json
import os
import sys
from typing import Any
from uuid import UUID, uuid4

import django
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

SAMPLE = 50
"""Deals that are edited."""

NOTE = "written during the rollback drill"


def prepare() -> dict[str, Any]:
    """The schema."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return {"prepared": True}


def rehearse(company_id: UUID) -> dict[str, Any]:
    """Forth to live, writes, all the way back, and both sides compared with what they must be."""
    from crm.models import Company, Quote
    from migration_ops import transitions
    from migration_ops.cutover.rollback import rollback
    from migration_ops.cutover.switch import move_stage
    from migration_ops.dual_write import capture
    from migration_ops.dual_write.follow import apply_once
    from migration_ops.sql.loader import block
    from migration_ops.stages import NEW_SIDE_LEADS, Stage
    from migration_ops.validation.run import validate

    company = Company.objects.get(pk=company_id)
    capture.install()
    apply_once()
    steps = []
    with connection.cursor() as cursor:
        cursor.execute(block("queries/scratch.sql", "keep_legacy").sql, {"company": company.pk})
    while (stage := transitions.stage_of(company)) not in NEW_SIDE_LEADS:
        to = list(Stage)[list(Stage).index(stage) + 1]
        steps.append(move_stage(company, to, reason="drill", actor="drill", needs_gates=False))
    edited = list(Quote.objects.filter(company=company).order_by("id").values_list("pk", flat=True)[:SAMPLE])
    Quote.objects.filter(company=company, pk__in=edited).update(notes=NOTE, updated_at=timezone.now())
    born = _born(company, edited[0]) if edited else None
    is_refused = _is_refused(company_id)
    back = rollback(company, reason="drill", actor="drill")
    with connection.cursor() as cursor:
        cursor.execute(
            block("queries/scratch.sql", "compare_legacy").sql,
            {"company": company.pk, "ids": edited, "names": ["notes", "updated_at"]},
        )
        unchanged, written, otherwise, new, gone = cursor.fetchone()
        cursor.execute("SELECT count(*) FROM quotes WHERE id = %s AND notes = %s", [born, NOTE])
        is_born = cursor.fetchone()[0] == 1
    validation = validate(company)
    checks = {
        "rows were edited and came back": written == len(edited) > 0,
        "all other rows are what they were": otherwise == 0 and gone == 0,
        "the deal born on the new side has its legacy row": is_born and new == 1,
        "a legacy write while live was refused": is_refused,
        "the company is off": transitions.stage_of(company) == Stage.OFF,
        "both sides are equal at every depth": validation.passed,
    }
    return {
        "passed": all(checks.values()), "checks": checks, "rows_unchanged": unchanged, "rows_edited": written,
        "rows_changed_otherwise": otherwise, "rows_born": new, "rows_gone": gone, "kept_on_the_new_side": back.kept,
        "steps": [
            {"before": each.before, "after": each.after, "pause_ms": round(each.pause_s * 1000, 1)}
            for each in [*steps, *back.steps]
        ],
        "failed_checks": [check.name for check in validation.checks if not check.passed][:20],
    }  # fmt: skip


def _born(company: Any, beside: UUID) -> UUID:
    """A new deal of a customer there is."""
    from crm.ids import deal_child_id
    from crm.models import Lead, Quote, QuoteItem

    customer, now, id = Quote.objects.get(company=company, pk=beside).customer_id, timezone.now(), uuid4()
    with transaction.atomic():
        Lead.objects.create(
            id=id, company=company, customer_id=customer, status="new", notes=NOTE, created_at=now, updated_at=now
        )
        Quote.objects.create(
            id=id, company=company, customer_id=customer, lead_id=id, status="sent", total=120, notes=NOTE, sent_at=now,
            created_at=now, updated_at=now,
        )  # fmt: skip
        QuoteItem.objects.create(
            id=deal_child_id(id, "item:1"), company=company, quote_id=id, position=1, name="Drill", quantity=1,
            unit_price=120, total=120, sort_order=1, created_at=now, updated_at=now,
        )  # fmt: skip
    return id


def _is_refused(company_id: UUID) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("UPDATE quotes SET notes = 'late' WHERE company_id = %s", [company_id])
    except DatabaseError as error:
        return getattr(error.__cause__, "sqlstate", None) == "QP001"
    return False


def main() -> None:
    """One step, one object."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")
    django.setup()
    report = prepare() if sys.argv[1] == "prepare" else rehearse(UUID(sys.argv[2]))
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main()

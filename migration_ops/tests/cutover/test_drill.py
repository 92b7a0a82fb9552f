"""The rollback drill: a copy goes live and comes back; the company itself is only read."""

import json

import pytest
from django.db import connection

from migration_ops import transitions
from migration_ops.cutover import gates
from migration_ops.cutover.drill import drill
from migration_ops.exceptions import DrillFailed
from migration_ops.models import AuditLine, GateEvidence
from migration_ops.stages import Stage
from migration_ops.tests.living import migrated, prove, step
from migration_ops.tests.state import final_rows

pytestmark = pytest.mark.django_db(transaction=True)


def databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'quotepro_drill_%'")
        return [name for (name,) in cursor.fetchall()]


def test_a_drill_leaves_its_report_as_evidence_and_nothing_else(session, manage):
    company = migrated(session(), rows=12)
    prove(company)
    step(company, Stage.SHADOW)
    GateEvidence.objects.all().delete()
    before = final_rows()
    done = manage("rollback_migration", "--company", "here", "--drill", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])
    assert report["passed"] is True
    assert all(report["checks"].values())
    assert (report["rows_copied"], report["rows_edited"], report["rows_born"]) == (12, 12, 1)
    assert [each["after"] for each in report["steps"]] == ["live", "shadow", "dualwrite", "off"]
    assert gates.check(company, ["rollback_drill"])[0].passed
    assert AuditLine.objects.filter(company_id=company.pk, action="rollback_drill").count() == 1
    assert final_rows() == before
    assert transitions.stage_of(company) == Stage.SHADOW
    assert databases() == []


def test_a_company_that_was_never_backfilled_has_nothing_to_drill(session):
    from crm.models import Company

    company = Company.objects.create(name="Off", slug="off-one")
    with pytest.raises(DrillFailed, match="is off"):
        drill(company, actor="test")

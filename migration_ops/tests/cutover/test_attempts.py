"""Steps past their gates: by command, by the last step's second person, by another hand on the stage row (T43, T46)."""

import inspect

import pytest
from django.contrib.auth.models import User
from django.db import connection

from migration_ops import audit, conf, transitions
from migration_ops.cutover import gates, second_person
from migration_ops.exceptions import CertificateRefused, GateNotPassed, MoveRefused, SecondPersonRefused
from migration_ops.models import AuditLine, CompanyStage, Finding, MigrationRun, StageChange, StepRequest
from migration_ops.retirement import certificate
from migration_ops.stages import Stage
from migration_ops.tasks import check_capture
from migration_ops.tests.cutover.conftest import first_id
from migration_ops.tests.legacy_rows import update
from migration_ops.tests.living import prove, step, take_to
from quotepro.celery import app

pytestmark = pytest.mark.django_db(transaction=True)
TABLES = ("quotes", "quotes_new", "customers_new", "migration_company_stage", "migration_stage_change",
          "migration_gate_evidence", "migration_finding", "migration_step_request")  # fmt: skip


def everything() -> list[object]:
    """Every row a step may change, the audit log apart."""
    with connection.cursor() as cursor:
        found = []
        for table in TABLES:
            cursor.execute(f"SELECT md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '')) FROM {table} t")
            found.append(cursor.fetchone())
        return found


def refusals(company) -> list[tuple[str, str, str]]:
    lines = AuditLine.objects.filter(company_id=company.pk, action="stage_refused").order_by("id")
    return [(line.actor, line.detail["wanted"], line.detail["refused"]) for line in lines]


@pytest.mark.parametrize(("to", "error"), [(Stage.SHADOW, GateNotPassed), (Stage.LIVE, MoveRefused)])
def test_a_step_without_its_gates_has_no_effect_and_is_in_the_log(company, to, error):
    before = everything()
    with pytest.raises(error) as refused:
        step(company, to)
    assert everything() == before
    assert refusals(company) == [("test", to, str(refused.value))]
    assert audit.verify().is_whole


def test_the_command_is_no_way_around(company, manage):
    before = everything()
    for to in ("shadow", "live", "complete"):
        assert manage("move_stage", "--company", "here", "--to", to).returncode == 2
    assert everything() == before
    assert [wanted for _, wanted, _ in refusals(company)] == ["shadow", "live", "complete"]


def test_no_task_takes_a_step(company, monkeypatch):
    """Whoever can put messages into the queue finds nothing there that moves a company, though its gates are open."""
    take_to(company, Stage.SHADOW)
    prove(company)
    monkeypatch.setattr(conf, "FOLLOW_SLICE_S", 0.1)
    run = MigrationRun.objects.get(company=company)
    arguments = {
        "company_id": str(company.pk), "company": str(company.pk), "run_id": run.pk, "generation": run.generation,
        "pk": 1, "actor": "mallory", "reason": "items", "to": "live", "stage": "live",
    }  # fmt: skip
    app.loader.import_default_modules()
    ours = {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}
    assert {"migration_ops.run_slice", "migration_ops.apply_changes", "migration_ops.validate_company"} <= set(ours)
    changes = StageChange.objects.count()
    for name, task in sorted(ours.items()):
        wanted = inspect.signature(task.run).parameters
        assert set(wanted) <= set(arguments), f"{name}: say here what this test gives it"
        task.apply(kwargs={each: arguments[each] for each in wanted})
        assert transitions.stage_of(company) == Stage.SHADOW, name
        assert StageChange.objects.count() == changes, name
    step(company, Stage.LIVE)  # the gates were open all the while


def test_one_person_alone_does_not_take_the_last_step(company, monkeypatch):
    take_to(company, Stage.RAMPDOWN)
    prove(company)
    ann = User.objects.create_superuser("ann")
    request = second_person.ask(company, Stage.COMPLETE, person=ann, reason="done")
    before = everything()
    with pytest.raises(SecondPersonRefused):
        second_person.approve(request.pk, person=ann, reason="me again")
    assert everything() == before
    assert [(actor, wanted) for actor, wanted, _ in refusals(company)] == [("ann", "complete")]
    assert StepRequest.objects.get().state == StepRequest.State.WAITING
    bob = User.objects.create_superuser("bob")
    monkeypatch.setitem(gates.GATES, "backup", lambda company: (False, {}, "evidence missing"))
    with pytest.raises(GateNotPassed):
        second_person.approve(request.pk, person=bob, reason="agreed")
    assert everything() == before
    assert [actor for actor, _, _ in refusals(company)] == ["ann", "bob"], "though its transaction was rolled back"


@pytest.mark.parametrize("stage", [Stage.LIVE, Stage.RAMPDOWN])
def test_a_stage_set_by_another_hand_leads_nowhere_and_is_noticed(company, writer, stage):
    take_to(company, Stage.SHADOW)
    prove(company)
    CompanyStage.objects.filter(company=company).update(stage=stage)
    (gate,) = gates.check(company, ["capture"])
    assert not gate.passed
    ahead = {Stage.LIVE: Stage.RAMPDOWN, Stage.RAMPDOWN: Stage.COMPLETE}[stage]
    changes = StageChange.objects.count()
    with pytest.raises(GateNotPassed, match=f"was set to {stage} past move_stage, the audit log ends at shadow"):
        step(company, ahead)
    assert StageChange.objects.count() == changes
    assert transitions.stage_of(company) == stage
    for _ in range(2):
        check_capture()
    assert Finding.objects.filter(company_id=company.pk, kind=Finding.Kind.CAPTURE_HOLE).count() == 1
    CompanyStage.objects.filter(company=company).update(stage=Stage.SHADOW)
    with pytest.raises(GateNotPassed, match=r"validation: voided by .*past move_stage"):
        step(company, Stage.LIVE)
    update(writer, first_id(), total=4711)
    writer.commit()
    prove(company)
    check_capture()
    step(company, Stage.LIVE)


def test_a_company_set_to_complete_is_not_signed_off(company):
    take_to(company, Stage.DUALWRITE)
    prove(company)
    CompanyStage.objects.filter(company=company).update(stage=Stage.COMPLETE)
    with pytest.raises(CertificateRefused, match="past move_stage"):
        certificate.sign(company, person="ann", actor="test")

"""A certificate is signed off on proofs only, is never changed, and says when it does not hold any more."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from migration_ops import audit, conf
from migration_ops.cutover import findings
from migration_ops.exceptions import CertificateRefused
from migration_ops.models import AuditLine, Certificate, Finding, GateEvidence, QuarantinedRow, ShadowGroup, Verdict
from migration_ops.retirement import certificate
from migration_ops.stages import Stage
from migration_ops.tests.living import backed_up, migrated, take_to
from migration_ops.tests.retirement.conftest import ROWS, sign

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_holds_what_both_sides_hold_and_what_it_rests_on(company):
    head = audit.verify().last_hash
    made = sign(company)
    document = json.loads(made.document)
    assert document["signed_by"] == made.signed_by == "ann"
    assert document["tables"]["quotes"]["rows"] == document["tables"]["leads_new"]["rows"] == ROWS
    assert document["tables"]["quotes"]["sums"]["total"] == "703.500"
    assert document["tables"]["quotes_new"]["sums"]["total"] in ("703.5", "703.500", "703.5000")
    assert all(table["checksum"] for table in document["tables"].values())
    assert document["mapping_version"] == conf.MAPPING_VERSION
    assert len(document["code_version"]) == 64
    assert document["audit_log"]["last_hash"] == head
    told = {proof["name"]: proof for proof in document["proofs"]}
    assert all(proof["passed"] for proof in told.values())
    assert set(told) == {
        "stage", "schema", "capture", "backfill", "quarantine", "changes", "backup", "conservation", "validation",
        "shadow_reads", "rollback_drill", "findings", "audit_log",
    }  # fmt: skip
    assert set(told["validation"]["evidence"]) == set(Verdict.Depth.values)
    assert all("age_h" in verdict for verdict in told["validation"]["evidence"].values())
    line = AuditLine.objects.filter(action="certificate", company_id=company.pk).get()
    assert line.detail["sha256"] == made.sha256
    assert certificate.check(made).passed


# --- what is missing ---------------------------------------------------------------------------------------------


def no_verdict(company):
    Verdict.objects.filter(company=company, depth="roundtrip").delete()


def failed_verdict(company):
    Verdict.objects.filter(company=company, depth="fields").update(has_passed=False)


def empty_verdict(company):
    Verdict.objects.filter(company=company, depth="counts").update(rows_checked=0, rows_expected=0)


def old_verdict(company):
    old = timezone.now() - timedelta(days=31, hours=conf.EVIDENCE_AGE_H + 1)
    Verdict.objects.filter(company=company, depth="business").update(at=old)


def other_mapping(company):
    Verdict.objects.filter(company=company).update(mapping_version=conf.MAPPING_VERSION + 1)


def no_drill(company):
    GateEvidence.objects.filter(company=company, gate="rollback_drill").delete()


def failed_drill(company):
    findings.leave_evidence(company, "rollback_drill", has_passed=False, detail={})


def reads_that_differ(company):
    now = timezone.now()
    ShadowGroup.objects.create(company=company, endpoint="list", field="total", rule="value", first_at=now, last_at=now)


def old_drill(company):
    old = timezone.now() - timedelta(days=32 + conf.DRILL_AGE_D)
    GateEvidence.objects.filter(company=company, gate="rollback_drill").update(at=old)


def old_backup(company):
    detail = backed_up(company) | {"snapshot_at": (timezone.now() - timedelta(days=3)).isoformat()}
    findings.leave_evidence(company, "backup", has_passed=True, detail=detail)


def finding(company):
    findings.record(company, Finding.Kind.REPAIR, "1 rows")


def row_set_aside(company):
    QuarantinedRow.objects.create(
        legacy_id=company.pk, company=company, reason="number_unreadable", field="total", original="x", source={},
        mapping_version=1, first_seen_at=timezone.now(), last_seen_at=timezone.now(),
    )  # fmt: skip


MISSING = {
    no_verdict: "validation: roundtrip was never made",
    failed_verdict: "validation: fields failed",
    empty_verdict: "validation: counts compared nothing",
    old_verdict: "validation: business was more than 24 hours old",
    other_mapping: "is of another mapping version",
    no_drill: "rollback_drill: its report is gone",
    failed_drill: "rollback_drill: the last one failed",
    reads_that_differ: "shadow_reads: answers of API v1 differ: GET /api/quotes total",
    old_drill: "rollback_drill: it was more than 90 days old",
    old_backup: "backup: the backup was taken more than 24 hours ago",
    finding: "findings: 1 open",
    row_set_aside: "quarantine: 1 rows are in quarantine",
}


@pytest.mark.parametrize("what", MISSING, ids=lambda what: what.__name__)
def test_nothing_is_signed_while_a_proof_is_missing_void_or_too_old(company, what):
    what(company)
    before = Certificate.objects.count(), AuditLine.objects.count()
    with pytest.raises(CertificateRefused) as refused:
        sign(company)
    assert MISSING[what] in str(refused.value)
    assert (Certificate.objects.count(), AuditLine.objects.count()) == before


def test_every_missing_proof_is_named_at_once(company):
    for what in (no_verdict, no_drill, finding):
        what(company)
    with pytest.raises(CertificateRefused) as refused:
        sign(company)
    assert all(MISSING[what] in str(refused.value) for what in (no_verdict, no_drill, finding))


def test_a_company_that_is_not_complete_is_not_signed_off(session):
    there = migrated(session(), rows=2, name="there")
    with pytest.raises(CertificateRefused, match="rollback_drill: the company has not gone live yet"):
        sign(there)
    take_to(there, Stage.RAMPDOWN)
    with pytest.raises(CertificateRefused, match="stage: the company is rampdown") as refused:
        sign(there)
    assert "rollback_drill" not in str(refused.value)


# --- never changed, and superseded -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE migration_certificate SET signed_by = 'x'",
        "DELETE FROM migration_certificate",
        "TRUNCATE migration_certificate",
    ],
)
def test_nobody_changes_or_removes_one(signed, statement):
    with pytest.raises(DatabaseError, match="never changed"), connection.cursor() as cursor:
        cursor.execute(statement)
    assert certificate.check(signed).passed


def test_a_superuser_who_changes_one_is_found_out(signed):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE migration_certificate DISABLE TRIGGER USER")
        assert certificate.check(signed).wrong == ["the trigger that protects certificates is off or missing"]
        cursor.execute(
            "UPDATE migration_certificate SET document = replace(document, 'ann', 'eve'),"
            " sha256 = encode(sha256(convert_to(replace(document, 'ann', 'eve'), 'UTF8')), 'hex') WHERE id = %s",
            [signed.pk],
        )
        changed = certificate.check(Certificate.objects.get(pk=signed.pk))
        transaction.set_rollback(True)
    assert "the audit log does not know it" in changed.wrong


def test_a_later_finding_supersedes_it_open_or_cleared(company, signed):
    assert certificate.superseded_by(signed) == ""
    finding(company)
    assert "Drift was repaired" in certificate.superseded_by(signed)
    findings.clear(findings.open_ids(company))
    assert not certificate.check(signed).passed
    again = sign(company)
    assert certificate.check(again).passed
    assert f"certificate {again.pk}" in certificate.superseded_by(signed)


def test_a_finding_that_was_being_written_when_it_was_signed_supersedes_it(company, session):
    writer = session()
    writer.execute(
        "INSERT INTO migration_finding (company_id, kind, detail, at) VALUES (%s, 'repair', 'late', now())",
        [company.pk],
    )
    findings.record(company, Finding.Kind.REPAIR, "a newer one")
    findings.clear(findings.open_ids(company))
    made = sign(company)
    writer.commit()
    assert "late" in certificate.superseded_by(made)


def test_a_new_mapping_version_supersedes_it(signed, monkeypatch):
    monkeypatch.setattr(conf, "MAPPING_VERSION", conf.MAPPING_VERSION + 1)
    assert certificate.superseded_by(signed) == f"mapping version {conf.MAPPING_VERSION}"


# --- as a file ---------------------------------------------------------------------------------------------------


def changed(text: str) -> str:
    return text.replace('"signed_by":"ann"', '"signed_by":"eve"')


def signed_anew(text: str) -> str:
    document = changed(text).partition('{"certificate":')[2].rpartition(',"sha256"')[0]
    return f'{{"certificate":{document},"sha256":"{certificate.digest(document)}"}}'


DAMAGED = {
    changed: "it was changed",
    signed_anew: "it was not issued here",
    lambda text: text[: len(text) // 2]: "it is no certificate, or it was cut off",
    lambda _: "{}": "it is no certificate",
    lambda _: "[" * 100_000: "it is no certificate",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_file_that_was_changed_or_is_foreign_is_refused(company, signed, tmp_path, damage):
    path = tmp_path / "certificate.json"
    path.write_text(certificate.as_file(signed))
    assert certificate.read(path, company) == signed
    path.write_text(damage(certificate.as_file(signed)))
    with pytest.raises(CertificateRefused, match=DAMAGED[damage]):
        certificate.read(path, company)


def test_a_file_of_another_company_is_refused(company, signed, neighbour, tmp_path):
    path = tmp_path / "certificate.json"
    path.write_text(certificate.as_file(signed))
    with pytest.raises(CertificateRefused, match="of another company"):
        certificate.read(path, neighbour)
    with pytest.raises(CertificateRefused, match="cannot be read"):
        certificate.read(Path(tmp_path / "none"), company)

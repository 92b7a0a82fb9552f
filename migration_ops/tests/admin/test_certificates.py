"""A certificate on one page, and as the file that can be checked."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from crm.tests.admin.rows import HOSTILE, NOW, a_company
from crm.tests.admin.test_pages import list_url, page_url, text
from migration_ops import audit, conf
from migration_ops.cutover import findings
from migration_ops.models import Certificate, Finding, Retirement
from migration_ops.retirement import certificate
from migration_ops.tests.admin.everything import everything

pytestmark = pytest.mark.django_db


def url(name: str, pk: int) -> str:
    return reverse(f"admin:migration_ops_certificate_{name}", args=[pk])


@pytest.fixture
def issued() -> Certificate:
    """A certificate whose texts are hostile."""
    company = a_company()
    audit.record(actor="test", action="test", company=company.pk, detail={})
    document = {
        "format": 1, "company": {"id": str(company.pk), "slug": company.slug, "name": HOSTILE}, "signed_by": HOSTILE,
        "signed_at": "2026-01-01", "statement": HOSTILE, "mapping_version": conf.MAPPING_VERSION, "code_version": "c" * 64,
        "tables": {"quotes": {"rows": 1199, "checksum": "1:2", "sums": {"total": "703.50"}}},
        "proofs": [{"name": "validation", "passed": True, "missing": "", "evidence": {"fields": {"rows": 7, HOSTILE: HOSTILE}}}],
        "audit_log": {"lines": 1, "last_hash": audit.verify().last_hash},
    }  # fmt: skip
    held = certificate.canonical(document)
    made = Certificate.objects.create(
        company=company, document=held, sha256=certificate.digest(held), signed_by=HOSTILE, last_finding=0,
        mapping_version=conf.MAPPING_VERSION, at=timezone.now(),
    )  # fmt: skip
    detail = {"certificate": made.pk, "sha256": made.sha256}
    audit.record(actor="test", action="certificate", company=company.pk, detail=detail)
    return made


def test_the_page_says_all_of_it_and_escapes_what_was_recorded(admin_client, issued):
    shown = text(admin_client.get(url("page", issued.pk)))
    assert HOSTILE not in shown
    for words in ("Holds", "703.50", "1199", issued.sha256, "c" * 64, "Both sides were compared at every depth", "1:2"):
        assert words in shown
    for address in (list_url(Certificate), page_url(issued)):
        shown = text(admin_client.get(address))
        assert HOSTILE not in shown
        assert "holds" in shown


def test_a_superseded_one_says_by_what(admin_client, issued):
    findings.record(issued.company, Finding.Kind.REPAIR, "1 rows")
    shown = text(admin_client.get(url("page", issued.pk)))
    assert "Superseded by" in shown
    assert "Drift was repaired: 1 rows" in shown
    assert "superseded" in text(admin_client.get(list_url(Certificate)))


def test_the_file_is_what_was_signed(admin_client, issued, tmp_path):
    answer = admin_client.get(url("file", issued.pk))
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.content)["sha256"] == issued.sha256
    path = tmp_path / "certificate.json"
    path.write_bytes(answer.content)
    assert certificate.read(path, issued.company) == issued


@pytest.mark.parametrize("name", ["page", "file"])
def test_nobody_else_reads_it_and_nobody_posts(client, admin_client, issued, name):
    assert client.get(url(name, issued.pk)).status_code == 302
    staff = User.objects.create_user("staff", password="secret", is_staff=True)
    client.force_login(staff)
    assert client.get(url(name, issued.pk)).status_code == 403
    staff.user_permissions.add(Permission.objects.get(codename="view_certificate"))
    client.force_login(User.objects.get(pk=staff.pk))
    assert client.get(url(name, issued.pk)).status_code == 200
    assert admin_client.post(url(name, issued.pk)).status_code == 403
    assert admin_client.get(url(name, issued.pk + 1)).status_code == 404


def test_what_became_of_legacy_rows(admin_client, issued):
    Retirement.objects.create(
        company=issued.company, certificate=issued, state="removed", archive=HOSTILE, archive_sha256="a" * 64, rows=7,
        removed=7, actor=HOSTILE, reason=HOSTILE, at=timezone.now(), ended_at=timezone.now(),
    )  # fmt: skip
    for address in (list_url(Retirement), page_url(Retirement.objects.get())):
        shown = text(admin_client.get(address))
        assert HOSTILE not in shown
        assert "Removed" in shown


def test_the_list_says_what_the_page_says():
    company = everything(0)
    signed = Certificate.objects.get(company=company)
    Finding.objects.filter(company_id=company.pk).delete()

    def told():
        row = Certificate.objects.annotate(is_superseded=certificate.superseded()).get(pk=signed.pk)
        return row.is_superseded, bool(certificate.superseded_by(signed))

    assert told() == (False, False)
    retired = Retirement.objects.filter(company=company)
    retired.update(ended_at=NOW + timedelta(days=1))
    assert told() == (True, True)
    retired.update(ended_at=None)
    Finding.objects.create(company_id=company.pk, kind="repair", detail="x", at=NOW, cleared_at=NOW)
    assert told() == (True, True)

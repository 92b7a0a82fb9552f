"""A company's certificate: signed off by a person, read back, and checked."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, OuterRef, Q, When
from django.utils import timezone

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.dual_write import fence
from migration_ops.exceptions import CertificateRefused
from migration_ops.models import AuditLine, Certificate, Finding, Retirement
from migration_ops.retirement import evidence
from migration_ops.retirement.code import code_version
from migration_ops.retirement.figures import figures_of

FORMAT = 1
MOST_BYTES = 16 << 20
"""Larger files are not read: a certificate has a few thousand bytes."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What looking at a certificate found: nothing in `wrong` where it holds, and why it is superseded, if it is."""

    certificate: Certificate
    wrong: list[str]
    superseded_by: str

    @property
    def passed(self) -> bool:
        """Whether it is genuine and still holds."""
        return not self.wrong and not self.superseded_by


def canonical(document: dict[str, Any]) -> str:
    """The one text of a document: keys sorted, no blanks, no escapes that are not needed."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def sign(company: Company, *, person: str, actor: str, statement: str = "") -> Certificate:
    """Sign a company off.

    Args:
        person: who signs, as they are known here.
        statement: words of the person's own.
    Raises:
        CertificateRefused: a proof is missing, void or too old; every one is named and nothing was written.
    """
    proofs = evidence.collect(company)
    if missing := [f"{proof.name}: {proof.missing}" for proof in proofs if not proof.passed]:
        raise CertificateRefused(what=f"no certificate of {company.slug}", why="; ".join(missing))
    known = evidence.last_finding(company)
    chain = audit.verify()
    tables = figures_of(company.pk)
    now = timezone.now()
    document = {
        "format": FORMAT,
        "company": {"id": str(company.pk), "slug": company.slug, "name": company.name},
        "signed_by": person, "signed_at": now.isoformat(), "statement": statement,
        "mapping_version": conf.MAPPING_VERSION, "code_version": code_version(),
        "tables": tables, "proofs": [asdict(proof) for proof in proofs],
        "audit_log": {"lines": chain.lines, "last_hash": chain.last_hash},
    }  # fmt: skip
    text = canonical(json.loads(json.dumps(document, default=str)))
    with transaction.atomic():
        made = Certificate.objects.create(
            company=company, document=text, sha256=digest(text), signed_by=person, last_finding=known,
            mapping_version=conf.MAPPING_VERSION, at=now,
        )  # fmt: skip
        audit.record(
            actor=actor, action="certificate", company=company.pk,
            detail={"certificate": made.pk, "sha256": made.sha256, "signed_by": person, "last_hash": chain.last_hash},
        )  # fmt: skip
    return made


def newest_of(company: Company) -> Certificate | None:
    """The company's last certificate."""
    return Certificate.objects.filter(company=company).first()


def as_file(certificate: Certificate) -> str:
    """What is handed out: the document and its SHA-256, as JSON."""
    return f'{{"certificate":{certificate.document},"sha256":"{certificate.sha256}"}}\n'


def superseded_by(certificate: Certificate) -> str:
    """What came after a certificate and takes its force, in words; empty while it holds.

    A finding from before is closed, or there would be no certificate: one that is open, or newer, came after it.
    """
    later = Certificate.objects.filter(company_id=certificate.company_id, pk__gt=certificate.pk).first()
    if later is not None:
        return f"certificate {later.pk} of {later.at:%Y-%m-%d %H:%M} UTC"
    found = Finding.objects.filter(company_id=certificate.company_id)
    finding = found.filter(cleared_at=None).first() or found.filter(pk__gt=certificate.last_finding).first()
    if finding is not None:
        return f"a finding: {finding}"
    if certificate.mapping_version != conf.MAPPING_VERSION:
        return f"mapping version {conf.MAPPING_VERSION}"
    restored = Retirement.objects.filter(company_id=certificate.company_id, state=Retirement.State.RESTORED)
    if restored.filter(ended_at__gt=certificate.at).exists():
        return "legacy rows that were put back from their archive"
    return ""


def superseded() -> Case:
    """The same as a condition, for lists of certificates: whether `superseded_by` has something to say."""
    later = Certificate.objects.filter(company_id=OuterRef("company_id"), pk__gt=OuterRef("pk"))
    found = Finding.objects.filter(
        Q(cleared_at=None) | Q(pk__gt=OuterRef("last_finding")), company_id=OuterRef("company_id")
    )
    restored = Retirement.objects.filter(
        company_id=OuterRef("company_id"), state=Retirement.State.RESTORED, ended_at__gt=OuterRef("at")
    )
    others = ~Q(mapping_version=conf.MAPPING_VERSION)
    return Case(When(others | Exists(later) | Exists(found) | Exists(restored), then=True), default=False)


def check(certificate: Certificate) -> Checked:
    """Whether a stored certificate is what was signed, and still holds."""
    document = json.loads(certificate.document)
    wrong = []
    if digest(certificate.document) != certificate.sha256 or canonical(document) != certificate.document:
        wrong.append("its text is not what its SHA-256 says")
    line = AuditLine.objects.filter(
        company_id=certificate.company_id, action="certificate", detail__certificate=certificate.pk
    ).first()
    if line is None or line.detail.get("sha256") != certificate.sha256:
        wrong.append("the audit log does not know it")
    if not audit.has_hash(document["audit_log"]["last_hash"]):
        wrong.append("the audit log does not hold the line it rests on: it was cut off")
    if not audit.verify().is_whole:
        wrong.append("the chain of the audit log is broken")
    if not fence.scalar("queries/retirement.sql", "protected", {}):
        wrong.append("the trigger that protects certificates is off or missing")
    return Checked(certificate=certificate, wrong=wrong, superseded_by=superseded_by(certificate))


def read(path: Path, company: Company) -> Certificate:
    """The stored certificate a file is of.

    Raises:
        CertificateRefused: the file is damaged, changed, of another company, or was never issued here.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CertificateRefused(what=path.name, why="it is too large to be a certificate")
        held = json.loads(path.read_text(encoding="utf-8"))
        document, sha256 = held["certificate"], held["sha256"]
        text = canonical(document)
        owner = document["company"]["id"]
    except OSError as error:
        raise CertificateRefused(what=path.name, why=f"it cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CertificateRefused(what=path.name, why="it is no certificate, or it was cut off") from error
    if digest(text) != sha256:
        raise CertificateRefused(what=path.name, why="it was changed: its SHA-256 is another one")
    if owner != str(company.pk):
        raise CertificateRefused(what=path.name, why=f"it is of another company ({owner})")
    stored = Certificate.objects.filter(company=company, sha256=sha256).first()
    if stored is None:
        raise CertificateRefused(what=path.name, why="it was not issued here: no certificate has its SHA-256")
    return stored

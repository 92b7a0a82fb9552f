"""A company that is complete and signed off, another one beside it, and two people."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from crm.models import Company
from migration_ops.cutover import findings
from migration_ops.models import Certificate, CompanyStage
from migration_ops.retirement import certificate
from migration_ops.retirement.remove import Removed, restore, retire
from migration_ops.stages import Stage
from migration_ops.tests.living import backed_up, migrated, take_to

SECRET = "correct horse battery"
ROWS = 7


def quiet(_done: int, _total: int) -> None:
    """No progress."""


def legacy_texts() -> list[tuple[str, str]]:
    """Every legacy row there is, to the letter."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT company_id::text, q::text FROM quotes q ORDER BY id")
        return cursor.fetchall()


def sign(company: Company) -> Certificate:
    return certificate.sign(company, person="ann", actor="test")


def remove(company: Company, path: Path, **changes: str) -> Removed:
    told = {"person": "bob", "reason": "test", "actor": "test"} | changes
    return retire(company, path, progress=quiet, **told)


def put_back(company: Company, path: Path) -> Removed:
    return restore(company, path, person="bob", reason="test", actor="test")


def complete_since(company: Company, *, days: float) -> None:
    """It became complete so long ago, all its proofs with it; backed up just now."""
    CompanyStage.objects.filter(company=company).update(since=timezone.now() - timedelta(days=days))
    with connection.cursor() as cursor:
        for table in ("migration_verdict", "migration_gate_evidence"):
            cursor.execute(
                f"UPDATE {table} SET at = at - %s WHERE company_id = %s", [timedelta(days=days, seconds=1), company.pk]
            )
    findings.leave_evidence(company, "backup", has_passed=True, detail=backed_up(company))


def as_in_production(password: str) -> str:
    """Hashed as commands in processes of their own read it."""
    return PBKDF2PasswordHasher().encode(password, "salt", iterations=1_000)


@pytest.fixture
def people():
    for name in ("ann", "bob"):
        made = User.objects.create_superuser(name)
        User.objects.filter(pk=made.pk).update(password=as_in_production(SECRET))


@pytest.fixture
def company(session) -> Company:
    writer = session()
    made = migrated(writer, rows=ROWS, notes='a\nb\\n\x01 "Zoë"', address="1 High\tSt\\N\r\n", total="100.500")
    take_to(made, Stage.COMPLETE)
    complete_since(made, days=31)
    return made


@pytest.fixture
def neighbour(session) -> Company:
    return migrated(session(), rows=8, name="there")


@pytest.fixture
def signed(company) -> Certificate:
    return sign(company)

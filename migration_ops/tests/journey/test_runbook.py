"""The runbook's live move, its own lines in its own order, while both sides are written: as the engineer on call pastes them."""

import re
import shlex
import subprocess
import sys
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from crm.models import Company, Quote
from legacy.models import LegacyQuote
from migration_ops.stages import NEW_SIDE_LEADS
from migration_ops.tests.contract.test_docs import RUNBOOK
from migration_ops.tests.legacy_rows import fill
from migration_ops.tests.retirement.conftest import SECRET, as_in_production
from migration_ops.transitions import stage_of
from quotepro.tests.processes import clean_env

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]
MANAGE = [sys.executable, "manage.py"]
SECTION = RUNBOOK.partition("## The live move, step by step\n")[2].partition("\n## ")[0]
LINES = [
    shlex.split(line, comments=True)[2:] for line in SECTION.splitlines() if line.startswith("python manage.py ")
]  # fmt: skip
BACK = ["move_stage", "--company", "$X", "--to", "shadow", "--reason", "..."]


def in_order() -> list[list[str]]:
    """As written; and after the step back what it asks for: everything since the last validation once more."""
    at = LINES.index(BACK)
    first = LINES.index(["validate_migration", "--company", "$X"])
    once_more = [line for line in LINES[first:at] if line[:1] != ["backup"] and line[-2:] != ["--reason", "proven"]]
    return [*LINES[: at + 1], *once_more, *LINES[at + 1 :]]


@contextmanager
def applying_all_the_while(env):
    """A worker that follows, as the section asks for."""
    with subprocess.Popen(
        [*MANAGE, "apply_changes", "--follow"], cwd=settings.BASE_DIR, env=clean_env(env),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as worker:  # fmt: skip
        try:
            yield
            assert worker.poll() is None, "the worker ended by itself"
        finally:
            worker.terminate()


def write(company: Company, number: int, session) -> None:
    """One write on the side that leads."""
    if stage_of(company) in NEW_SIDE_LEADS:
        session.execute("UPDATE quotes_new SET notes = %s WHERE company_id = %s", [f"new {number}", company.pk])
    else:
        session.execute("UPDATE quotes SET notes = %s WHERE company_id = %s", [f"old {number}", company.pk])
    session.commit()


def test_every_line_of_the_live_move_does_what_it_says(session, test_database_url, tmp_path):
    company, writer = Company.objects.create(name="Here", slug="here"), session()
    fill(writer, company.pk, 40)
    writer.commit()
    for name in ("ann", "bob"):
        made = User.objects.create_superuser(name)
        User.objects.filter(pk=made.pk).update(password=as_in_production(SECRET))
    env = {"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL, "QUOTEPRO_RETIRE_QUIET_D": "0"}
    assert len(LINES) >= 20
    with applying_all_the_while(env):
        for number, line in enumerate(in_order()):
            words = [re.sub(r"^/var/backups/quotepro|^(?=\$X\.json)", f"{tmp_path}/", word) for word in line]
            done = subprocess.run(
                [*MANAGE, *(word.replace("$X", "here") for word in words)], cwd=settings.BASE_DIR,
                input=SECRET + "\n", text=True, capture_output=True, timeout=300, check=False, env=clean_env(env),
            )  # fmt: skip
            told = "\n".join(each for each in done.stdout.splitlines() if not each.strip().startswith("ok "))
            assert done.returncode == (3 if line[0] == "retire_legacy" else 0), (
                number,
                line,
                told[-6000:],
                done.stderr,
            )
            if line[0] == "retire_legacy":
                assert "backup" in done.stdout, "a backup since it is complete is all that is missing"
            if number and line[0] != "certificate" and "complete" not in line:
                write(company, number, writer)
    assert stage_of(company) == "complete"
    assert Quote.objects.filter(company=company).count() == LegacyQuote.objects.count() == 40

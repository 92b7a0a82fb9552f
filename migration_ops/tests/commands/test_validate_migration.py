"""The door: arguments, output, exit codes."""

import json
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from legacy.models import LegacyQuote
from legacy.seed.writer import SeedPlan, seed
from migration_ops import conf
from migration_ops.backfill.migrate import migrate
from migration_ops.dual_write import capture
from migration_ops.models import OutboxEntry
from migration_ops.tests.legacy_rows import id_at, insert, update
from migration_ops.tests.state import as_json
from migration_ops.tests.validation.faults import FAULTS
from migration_ops.tests.validation.moved import COMPANY, SENT, move, moved_company, plant

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    monkeypatch.setattr(conf, "RECHECK_MS", 0)


def run(*args: object) -> tuple[int, str]:
    """Exit code and what stood on stdout."""
    out = StringIO()
    try:
        call_command("validate_migration", *map(str, args), stdout=out)
    except CommandError as error:
        return error.returncode, out.getvalue()
    return 0, out.getvalue()


def test_a_sound_company_ends_with_0_and_one_json_object():
    moved_company()

    code, out = run("--company", COMPANY, "--json")

    result = json.loads(out.splitlines()[-1])
    assert code == 0
    assert result["passed"]
    assert result["company"] == str(COMPANY)
    assert result["depths"] == ["counts", "checksum", "fields", "roundtrip", "business"]
    assert (result["missing"], result["extra"], result["mismatched"], result["rows_checked"]) == (0, 0, 0, 5)
    assert result["seconds"] > 0
    assert all(set(check) == {"name", "depth", "expected", "found", "passed"} for check in result["checks"])


@pytest.mark.parametrize("depth", ["checksum", "fields"])
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_every_planted_fault_ends_with_3_and_is_named(fault, depth):
    moved_company()
    plant(*fault.statements)

    code, out = run("--company", COMPANY, "--depth", depth)

    assert code == 3
    assert "FAILED" in out
    assert fault.table in out
    assert (f", {fault.column}: expected" in out) if fault.column else ("Missing in the new tables" in out)
    assert all(id in out for id in fault.legacy_ids)


def test_the_readable_output_shows_blanks_and_null():
    moved_company()
    plant(f"UPDATE quotes_new SET job_name = ' ', notes = '' WHERE id = '{SENT}'")

    _, out = run("--company", COMPANY, "--depth", "fields")

    assert f"quotes_new {SENT}, job_name: expected NULL, found ' '" in out
    assert f"quotes_new {SENT}, notes: expected NULL, found ''" in out


def test_all_gives_sums_and_a_list():
    for id, _ in seed(SeedPlan(rows=60, companies=2, dirty=0.2)).companies:
        move(id)

    code, out = run("--all", "--json")

    result = json.loads(out.splitlines()[-1])
    assert code == 0
    assert result["rows_checked"] == 60
    assert len(result["companies"]) == 2
    assert all(each["passed"] for each in result["companies"])


def test_all_fails_when_one_company_does():
    ids = [id for id, _ in seed(SeedPlan(rows=60, companies=2, dirty=0)).companies]
    move(ids[0])

    code, out = run("--all", "--depth", "counts", "--json")

    result = json.loads(out.splitlines()[-1])
    assert code == 3
    assert sorted(each["passed"] for each in result["companies"]) == [False, True]


def test_a_slug_names_a_company_too():
    company = moved_company()

    assert run("--company", company.slug, "--depth", "business")[0] == 0


@pytest.mark.parametrize(
    "args",
    [
        ["--company", "nobody"],
        ["--company", "c0000000-0000-4000-8000-00000000dead"],
        ["--depth", "counts"],
        ["--all", "--company", "x"],
        ["--all", "--depth", "deep"],
    ],
)
def test_unknown_companies_and_bad_arguments_end_with_2(manage_in_process, args):
    assert manage_in_process(*args) == 2


@pytest.fixture
def manage_in_process(db):
    def code(*args: str) -> int:
        try:
            call_command("validate_migration", *args)
        except CommandError as error:
            # Django's parser raises without a code when called from Python, and exits with 2 from a shell.
            return 2 if error.returncode == 1 else error.returncode
        return 0

    return code


def test_schema_drift_ends_with_2():
    moved_company()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes ADD COLUMN colour text")

    assert run("--company", COMPANY)[0] == 2


def test_a_real_process_sees_committed_rows(manage):
    capture.install()
    moved_company()
    try:
        done = manage("validate_migration", "--company", COMPANY, "--json")
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout.splitlines()[-1])["passed"]
        plant(f"UPDATE quotes_new SET total = 51 WHERE id = '{SENT}'")

        failing = manage("validate_migration", "--company", COMPANY, "--depth", "checksum")

        assert failing.returncode == 3
        assert f"quotes_new {SENT}, total: expected '50', found '51'" in failing.stdout
        assert failing.stderr.strip().endswith("validation failed for Company c0000000")
    finally:
        capture.remove()


@pytest.fixture
def written_since(seeded, session):
    """A migrated company, of which another program has changed a row and written one since; their ids."""
    company = seeded(40, dirty=0)
    migrate(company, workers=1, batch_rows=100, report=lambda _: None)
    changed, late = LegacyQuote.objects.filter(company_id=company.pk).order_by("pk").first().pk, id_at(0.5)
    writer = session()
    update(writer, changed, total=12345)
    insert(writer, company.pk, late)
    writer.commit()
    return company, {changed, late}


def test_late_changes_that_nobody_applies_are_named_and_left_alone(written_since, manage):
    company, ids = written_since
    done = manage("validate_migration", "--company", company.slug, "--json")
    assert done.returncode == 3, done.stderr
    checks = [each for each in as_json(done.stdout)["checks"] if each["depth"] == "fields"]
    assert {"rows with pending changes", "rows compared"} <= {each["name"] for each in checks if not each["passed"]}
    (named,) = (each["found"] for each in checks if each["name"] == "pending changes of rows")
    assert {UUID(id) for id in named.split(", ")} == ids
    assert set(OutboxEntry.objects.values_list("legacy_id", flat=True)) == ids, "who looks applies nothing"

    assert manage("migrate_legacy", "--company", company.slug, "--no-validate").returncode == 0
    assert manage("validate_migration", "--company", company.slug).returncode == 0


def test_changes_that_somebody_applies_are_waited_for(written_since, manage, manage_process):
    company, _ = written_since
    manage_process("apply_changes", "--follow")
    done = manage("validate_migration", "--company", company.slug)
    assert done.returncode == 0, done.stdout
    assert not OutboxEntry.objects.exists()

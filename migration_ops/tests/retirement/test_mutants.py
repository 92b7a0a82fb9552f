"""Known wrong variants of the removal, one for each promise: the test of that promise must fail on it (H10)."""

from dataclasses import replace

import pytest
from django.db import DatabaseError

from migration_ops.exceptions import MigrationOpsError
from migration_ops.retirement import archive, certificate, proofs
from migration_ops.retirement import remove as module
from migration_ops.tests.retirement import test_archive, test_certificate, test_remove
from migration_ops.tests.retirement.test_archive import row_changed

pytestmark = pytest.mark.django_db(transaction=True)


def without(patch, part: str) -> None:
    """The removal's statement without a part of it."""
    real = module.block

    def changed(file: str, name: str):
        found = real(file, name)
        if name == "remove":
            assert part in found.sql
            found = replace(found, sql=found.sql.replace(part, ""))
        return found

    patch.setattr(module, "block", changed)


def any_contents(patch) -> None:
    without(patch, " AND q::text = a::text")


def not_compared(patch) -> None:
    patch.setattr(archive, "_compare", lambda scratch, sealed, company, progress: sealed.manifest["rows"])


def not_restored(patch) -> None:
    patch.setattr(archive, "prove", lambda sealed, company, progress: sealed.manifest["rows"])


def looked_at_once(patch) -> None:
    real = proofs.collect
    patch.setattr(module.certificate, "superseded_by", lambda _: "")
    patch.setattr(
        module.proofs, "collect",
        lambda company, person, *, is_begun: [] if is_begun else real(company, person, is_begun=False),
    )  # fmt: skip


def one_person(patch) -> None:
    real = proofs.collect
    patch.setattr(
        module.proofs, "collect",
        lambda *args, **options: [proof for proof in real(*args, **options) if proof.name != "second_person"],
    )  # fmt: skip


def by_number_only(patch) -> None:
    """A finding counts by its number: one that was in flight is not seen."""
    from migration_ops.models import Finding

    patch.setattr(
        certificate, "superseded_by",
        lambda each: str(Finding.objects.filter(company_id=each.company_id, pk__gt=each.last_finding).first() or ""),
    )  # fmt: skip


def check_rows_that_changed_stay(company, signed, tmp_path, patch, session) -> None:
    test_remove.test_a_row_that_is_not_the_archived_one_stays(company, signed, tmp_path, patch)


def check_the_live_rows_decide(company, signed, tmp_path, patch, session) -> None:
    sealed = archive.write(tmp_path / "a", signed, lambda *_: None)
    test_archive.test_a_row_that_is_missing_from_archive_and_manifest_alike_is_seen_in_the_live_table(
        company, sealed, None
    )


def check_it_is_restored_first(company, signed, tmp_path, patch, session) -> None:
    sealed = archive.write(tmp_path / "a", signed, lambda *_: None)
    test_archive.test_what_is_damaged_removes_nothing(company, sealed, row_changed)


def check_a_finding_stops_it(company, signed, tmp_path, patch, session) -> None:
    test_remove.test_a_finding_in_the_middle_stops_it(company, signed, tmp_path, patch)


def check_it_takes_two(company, signed, tmp_path, patch, session) -> None:
    with pytest.raises(MigrationOpsError):
        test_remove.remove(company, tmp_path / "a", person="ann")


def check_findings_in_flight_count(company, signed, tmp_path, patch, session) -> None:
    test_certificate.test_a_finding_that_was_being_written_when_it_was_signed_supersedes_it(company, session)


MUTANTS = {
    any_contents: check_rows_that_changed_stay,
    not_compared: check_the_live_rows_decide,
    not_restored: check_it_is_restored_first,
    looked_at_once: check_a_finding_stops_it,
    one_person: check_it_takes_two,
    by_number_only: check_findings_in_flight_count,
}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_wrong_variant_is_noticed(company, signed, tmp_path, monkeypatch, session, mutant):
    mutant(monkeypatch)
    with pytest.raises((AssertionError, MigrationOpsError, DatabaseError, pytest.fail.Exception)):
        MUTANTS[mutant](company, signed, tmp_path, monkeypatch, session)

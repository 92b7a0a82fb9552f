"""Quarantined rows tried again after somebody corrected them."""

import pytest
from django.utils import timezone

from crm.models import Company
from migration_ops.backfill.migrate import migrate
from migration_ops.models import CompanyStage, LegacyLink, QuarantinedRow
from migration_ops.stages import Stage
from migration_ops.tests.legacy_rows import READABLE, UNREADABLE, fill, update
from migration_ops.tests.state import activity_when_alone, as_json, assert_valid

pytestmark = pytest.mark.django_db(transaction=True)


def quietly(company: Company) -> None:
    """One pass over the company."""
    migrate(company, workers=1, batch_rows=100, report=lambda _: None)


@pytest.fixture
def quarantined(session):
    """A migrated company in which rows 2, 5 and 8 wait for their items, and row 11 for its total."""
    company = Company.objects.create(name="Here", slug="here")
    writer = session()
    ids = fill(writer, company.pk, 14)
    for place in (2, 5, 8):
        update(writer, ids[place], **UNREADABLE)
    update(writer, ids[11], total="NaN")
    writer.commit()
    quietly(company)
    assert QuarantinedRow.objects.filter(resolution="").count() == 4
    return company, writer, ids


def resolution(id) -> str:
    return QuarantinedRow.objects.get(pk=id).resolution


def test_a_corrected_row_is_migrated_and_the_others_wait(quarantined, manage):
    company, writer, ids = quarantined
    update(writer, ids[2], **READABLE)
    writer.commit()
    told = manage("retry_quarantined", "--company", "here", "--json")
    assert told.returncode == 3, told.stderr
    assert as_json(told.stdout) == {"company": str(company.pk), "tried": 4, "migrated": 1, "waiting": 3}
    assert resolution(ids[2]) == "corrected"
    entry = QuarantinedRow.objects.get(pk=ids[2])
    assert entry.resolved_by
    assert entry.resolved_at
    assert LegacyLink.objects.filter(pk=ids[2]).exists()
    # The captured change is still to be applied; the next pass finds everything in its place.
    quietly(company)
    assert_valid(company)


def test_one_reason_only(quarantined, manage):
    _, writer, ids = quarantined
    update(writer, ids[11], total=5)
    update(writer, ids[2], **READABLE)
    writer.commit()
    told = manage("retry_quarantined", "--company", "here", "--reason", "number_nan", "--json")
    assert told.returncode == 0, told.stderr
    assert as_json(told.stdout)["tried"] == as_json(told.stdout)["migrated"] == 1
    assert resolution(ids[11]) == "corrected"
    assert resolution(ids[2]) == ""


def test_when_all_are_corrected_nothing_needs_attention(quarantined, manage):
    company, writer, ids = quarantined
    for place in (2, 5, 8):
        update(writer, ids[place], **READABLE)
    update(writer, ids[11], total=5)
    writer.commit()
    assert manage("retry_quarantined", "--company", "here").returncode == 0
    quietly(company)
    assert LegacyLink.objects.count() == 14
    assert_valid(company)


def test_a_waived_row_stays_waived(quarantined, manage):
    company, _, ids = quarantined
    QuarantinedRow.objects.filter(pk=ids[5]).update(
        resolution="waived", resolved_by="ann", resolved_reason="a test row", resolved_at=timezone.now()
    )
    told = manage("retry_quarantined", "--company", "here", "--json")
    assert as_json(told.stdout)["tried"] == 3
    assert resolution(ids[5]) == "waived"
    assert QuarantinedRow.objects.get(pk=ids[5]).resolved_by == "ann"
    quietly(company)
    assert resolution(ids[5]) == "waived"
    assert_valid(company)


def test_a_row_deleted_in_legacy_is_gone(quarantined, manage):
    company, writer, ids = quarantined
    writer.execute("DELETE FROM quotes WHERE id = %s", [ids[8]])
    writer.commit()
    told = manage("retry_quarantined", "--company", "here", "--json")
    assert as_json(told.stdout) == {"company": str(company.pk), "tried": 4, "migrated": 0, "waiting": 3}
    assert resolution(ids[8]) == "gone"


def test_once_the_new_tables_lead_nothing_is_projected_over_them(quarantined, manage):
    company, writer, ids = quarantined
    update(writer, ids[2], **READABLE)
    writer.commit()
    CompanyStage.objects.filter(company=company).update(stage=Stage.LIVE)
    told = manage("retry_quarantined", "--company", "here")
    assert told.returncode == 2
    assert told.stderr.strip() == "CommandError: company here is live: the new tables lead; correct the deal there"
    assert not LegacyLink.objects.filter(pk=ids[2]).exists()


def test_an_unknown_reason_is_refused(quarantined, manage):
    _, writer, _ = quarantined
    writer.close()
    before = activity_when_alone()
    refused = manage("retry_quarantined", "--company", "here", "--reason", "bad_hair")
    assert refused.returncode == 2
    assert len(refused.stderr.strip().splitlines()) == 1
    assert "--reason 'bad_hair': give one of items_shape, " in refused.stderr
    assert activity_when_alone() == before


def test_nothing_to_retry_changes_nothing(session, manage):
    company = Company.objects.create(name="Here", slug="here")
    writer = session()
    fill(writer, company.pk, 5)
    writer.commit()
    writer.close()
    quietly(company)
    before = activity_when_alone()
    told = manage("retry_quarantined", "--company", "here", "--json")
    assert told.returncode == 0
    assert as_json(told.stdout)["tried"] == 0
    assert activity_when_alone() == before

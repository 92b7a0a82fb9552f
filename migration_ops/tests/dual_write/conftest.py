"""A company that was migrated, a writer by plain SQL, and capture installed from nothing."""

import pytest

from crm.models import Company
from legacy.models import LegacyQuote
from migration_ops.dual_write import capture
from migration_ops.tests.living import migrated


@pytest.fixture
def writer(session):
    return session()


@pytest.fixture
def company(writer) -> Company:
    return migrated(writer)


def ids_of(company: Company) -> list:
    return list(LegacyQuote.objects.filter(company_id=company.pk).order_by("id").values_list("pk", flat=True))


@pytest.fixture
def captured(transactional_db):
    """Capture as installed from nothing."""
    capture.remove()
    assert capture.install() is True

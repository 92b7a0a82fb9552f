"""A company that was migrated, or is live, and a writer by plain SQL."""

import pytest

from legacy.models import LegacyQuote
from migration_ops.stages import Stage
from migration_ops.tests.living import migrated, take_to


@pytest.fixture
def writer(session):
    return session()


@pytest.fixture
def company(writer):
    return migrated(writer)


@pytest.fixture
def live(company):
    take_to(company, Stage.LIVE)
    return company


def first_id():
    return LegacyQuote.objects.order_by("id").values_list("pk", flat=True)[0]

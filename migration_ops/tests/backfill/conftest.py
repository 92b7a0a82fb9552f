import pytest

from crm.models import Company


@pytest.fixture
def companies(transactional_db) -> tuple[Company, Company]:
    return (
        Company.objects.create(name="Here", slug="here"),
        Company.objects.create(name="There", slug="there"),
    )

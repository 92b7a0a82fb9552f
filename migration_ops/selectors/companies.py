"""Finds the company a command means, and makes its row where legacy already knows it."""

from uuid import UUID

from django.db.models import Exists, OuterRef

from crm.models import Company
from legacy.models import LegacyQuote
from legacy.selectors import company_ids
from migration_ops.exceptions import CompanyUnknown
from migration_ops.models import LegacyLink


def company_named(name: str, *, is_looking: bool = False) -> Company:
    """The company of this id or slug; made on first sight where legacy rows of this id exist.

    Args:
        is_looking: write nothing; a company seen for the first time is given, but not stored.
    Raises:
        CompanyUnknown: neither a company nor a legacy row has it.
    """
    try:
        id = UUID(name)
    except ValueError:
        company = Company.objects.filter(slug=name).first()
        if company is None:
            known = ", ".join(Company.objects.order_by("slug").values_list("slug", flat=True)[:5])
            raise CompanyUnknown(
                company=name,
                remedy="give a company_id of the legacy table" + (f", or one of the slugs {known}" if known else ""),
            ) from None
        return company
    company = Company.objects.filter(pk=id).first()
    if company is not None:
        return company
    if not LegacyQuote.objects.filter(company_id=id).exists():
        raise CompanyUnknown(company=name, remedy="the legacy table has no row of it")
    return ensure_company(id, is_looking=is_looking)


def ensure_company(id: UUID, *, is_looking: bool = False) -> Company:
    """The company's row, made with a neutral name where it is absent (but not stored when only looking); staff give
    it its real one."""
    company = Company.objects.filter(pk=id).first()
    if company is not None:
        return company
    short = str(id).partition("-")[0]
    slug = f"company-{short}"
    if Company.objects.filter(slug=slug).exists():
        slug = f"company-{id}"
    names = {"name": f"Company {short}", "slug": slug}
    if is_looking:
        return Company(pk=id, **names)
    company, _ = Company.objects.get_or_create(pk=id, defaults=names)
    return company


def companies_asked_for(name: str | None) -> list[Company]:
    """The company of this name; without one every company that has legacy rows or migrated rows, by name.

    Raises:
        CompanyUnknown: neither a company nor a legacy row has it.
    """
    if name is not None:
        return [company_named(name)]
    for id in company_ids():
        ensure_company(id)
    linked = LegacyLink.objects.filter(company=OuterRef("pk"))
    recorded = LegacyQuote.objects.filter(company_id=OuterRef("pk"))
    return list(Company.objects.filter(Exists(recorded) | Exists(linked)))

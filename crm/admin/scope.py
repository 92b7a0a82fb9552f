"""Limits of staff to companies: what a person may not see does not exist for them.

Every list, inline and form of the admin takes its rows through here, and so do counts, searches, autocompletes, actions
and foreign keys, which all begin with `get_queryset`.
"""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest

from crm.admin.filters import uuid_or_none
from crm.models import Company
from crm.ports import company_scope


def allowed_companies(request: HttpRequest) -> Collection[UUID] | None:
    """Ids of the companies whose rows the person may see; None for all of them."""
    return company_scope()(request.user)


def companies_seen(request: HttpRequest) -> QuerySet[Company]:
    """The companies the person may see."""
    allowed = allowed_companies(request)
    companies = Company.objects.all()
    return companies if allowed is None else companies.filter(pk__in=allowed)


def company_seen(request: HttpRequest, text: str) -> Company | None:
    """The company with this id; None where the text is no id, or the person may not see it."""
    id = uuid_or_none(text)
    return companies_seen(request).filter(pk=id).first() if id else None


class Scoped:
    """Rows of the person's companies only."""

    # What leads from a row to its company: a field of the model, references on the way joined by two underscores.
    company_path = "company"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Rows of companies the person may see."""
        rows: QuerySet[Any] = super().get_queryset(request)  # type: ignore[misc]
        allowed = allowed_companies(request)
        return rows if allowed is None else rows.filter(**{f"{self.company_path}__in": list(allowed)})

    def formfield_for_foreignkey(self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any) -> Any:
        """A choice among the rows the person may see: anything else is refused when it is saved, too."""
        related = admin.site._registry.get(db_field.remote_field.model)
        if "queryset" not in kwargs and isinstance(related, Scoped):
            kwargs["queryset"] = related.get_queryset(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

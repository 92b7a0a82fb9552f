"""What every table of the CRM shares: a company, and references that cannot leave it."""

import uuid
from typing import Any

from django.db import models


class CompanyOwned(models.Model):
    """A row of one company.

    References between these tables are composite, (company_id, id): Django declares the single
    column without a constraint of its own, and the schema migration adds the composite one. For the
    same reason the database's primary key is (id, company_id): it is what the references point at,
    and what lets a table be partitioned by company. `company` needs no constraint of its own either:
    every chain of references ends at a customer, whose company is enforced.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, db_index=False, related_name="+")

    class Meta:
        abstract = True


def reference(to: str, related_name: str, **kwargs: Any) -> Any:
    """A reference inside one company; the composite constraint is in the schema migration."""
    kwargs.setdefault("db_index", False)  # indexes are named where they are wanted, with the company first
    return models.ForeignKey(to, models.PROTECT, db_constraint=False, related_name=related_name, **kwargs)

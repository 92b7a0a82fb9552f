"""A stage that no step led to: written into its row past `move_stage`, so without gates, fence and audit line."""

from dataclasses import dataclass
from typing import Any

from crm.models import Company
from migration_ops.cutover import findings
from migration_ops.models import Finding
from migration_ops.validation.query import rows

SQL = "queries/foreign_steps.sql"


@dataclass(frozen=True, kw_only=True)
class ForeignStep:
    """Where a company stands by its row, and where the audit log's last step left it."""

    company_id: Any
    slug: str
    stage: str
    logged: str

    def __str__(self) -> str:
        return (
            f"the stage was set to {self.stage} past move_stage, the audit log ends at {self.logged}: "
            f"set it back to {self.logged} where it was set, then validate_migration"
        )


def of(company: Company) -> ForeignStep | None:
    """The step this company took past the service, if it stands where none led."""
    return next(iter(_found([company.pk])), None)


def notice() -> list[ForeignStep]:
    """Void the evidence of every company that stands where no step led, once while the same finding is open."""
    found = _found(None)
    for each in found:
        known = Finding.objects.filter(company_id=each.company_id, detail=str(each), cleared_at=None)
        if not known.exists():
            findings.record(Company(pk=each.company_id), Finding.Kind.CAPTURE_HOLE, str(each))
    return found


def _found(companies: list[Any] | None) -> list[ForeignStep]:
    return [
        ForeignStep(company_id=company, slug=slug, stage=stage, logged=logged)
        for company, slug, stage, logged in rows(SQL, "foreign", {"seen": companies})
    ]

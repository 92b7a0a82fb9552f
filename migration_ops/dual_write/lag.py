"""How far the other side is behind."""

from dataclasses import dataclass

from django.utils import timezone

from crm.models import Company
from migration_ops.dual_write import fence
from migration_ops.dual_write.apply import SQL
from migration_ops.models import CompanyStage, RefusedWrites
from migration_ops.validation.query import one_row, rows


@dataclass(frozen=True, kw_only=True)
class Lag:
    """Changes that wait, in both directions; those that cannot be applied; the age of the oldest, seconds."""

    forward: int
    reverse: int
    failed: int
    oldest_s: float

    @property
    def waiting(self) -> int:
        """Both directions."""
        return self.forward + self.reverse


def lag_of(company: Company) -> Lag:
    """The company's lag now."""
    params = {"company": company.pk}
    forward, failed, oldest = one_row(SQL, "lag", params)
    back, failed_back, oldest_back = one_row(SQL, "reverse_lag", params)
    return Lag(forward=forward, reverse=back, failed=failed + failed_back, oldest_s=max(oldest, oldest_back))


def refused_writes(company: Company) -> int:
    """Legacy writes the fence has refused so far."""
    return int(fence.scalar(fence.SQL, "refused", {"company": company.pk}))


def notice_refused_writes() -> dict[str, int]:
    """Keep what the counters say of every company; the companies, by slug, with writes refused since the last look."""
    new: dict[str, int] = {}
    for standing in CompanyStage.objects.filter(stage__in=("live", "rampdown", "complete")).select_related("company"):
        count = refused_writes(standing.company)
        seen, _ = RefusedWrites.objects.get_or_create(company=standing.company, defaults={"noticed_at": timezone.now()})
        if count > seen.count:
            new[standing.company.slug] = count - seen.count
            RefusedWrites.objects.filter(pk=seen.pk).update(count=count, noticed_at=timezone.now())
    return new


def failures_of(company: Company) -> list[tuple[str, int]]:
    """Why changes cannot be applied: the errors, shortened, with how many changes each keeps."""
    return rows(SQL, "failures", {"company": company.pk})

"""Which side answers API v1 for a company, and how much of it is compared with the other."""

from dataclasses import dataclass

from crm.models import Company
from migration_ops import conf
from migration_ops.models import CompanyStage
from migration_ops.stages import NEW_SIDE_LEADS, Stage

COMPARED = (Stage.SHADOW, Stage.LIVE)
"""Stages in which reads of API v1 are compared with the other side."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A company's stage, and the share of its reads that is compared, percent."""

    stage: Stage
    percent: int

    @property
    def is_new(self) -> bool:
        """Whether the new tables answer."""
        return self.stage in NEW_SIDE_LEADS


def standing_of(company: Company) -> Standing:
    """From one statement; what a person sets holds from the next request on."""
    found = CompanyStage.objects.filter(company=company).values_list("stage", "shadow_percent").first()
    stage, percent = (Stage(found[0]), found[1]) if found else (Stage.OFF, None)
    if stage not in COMPARED:
        return Standing(stage=stage, percent=0)
    return Standing(stage=stage, percent=conf.SHADOW_PERCENT if percent is None else percent)

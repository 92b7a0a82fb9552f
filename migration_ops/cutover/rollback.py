"""All the way back, step by step, without losing a write made since."""

from dataclasses import dataclass

from crm.models import Company
from migration_ops import transitions
from migration_ops.cutover.switch import Moved, move_stage
from migration_ops.exceptions import MoveRefused
from migration_ops.stages import Stage
from migration_ops.validation.query import rows

# The step back from each stage.
BACK = {
    Stage.RAMPDOWN: Stage.LIVE,
    Stage.LIVE: Stage.SHADOW,
    Stage.SHADOW: Stage.DUALWRITE,
    Stage.DUALWRITE: Stage.OFF,
}


@dataclass(frozen=True, kw_only=True)
class RolledBack:
    """The steps that were taken, and what stays on the new side alone because legacy has no place for it."""

    steps: list[Moved]
    kept: dict[str, int]


def rollback(company: Company, *, reason: str, actor: str) -> RolledBack:
    """Take a company back to off. Every write of the new side is carried back first; nothing there is deleted.

    Raises:
        MoveRefused: the company is complete; legacy is frozen, and only an archive leads back.
        FenceTimedOut: a step took too long; the steps before it stand, and starting again goes on from there.
    """
    steps = []
    while (stage := transitions.stage_of(company)) != Stage.OFF:
        if stage not in BACK:
            raise MoveRefused(
                company=company.slug,
                stage=stage,
                wanted=Stage.OFF,
                allowed="nowhere: the way back is closed; removed legacy rows come back with retire_legacy --restore",
            )
        steps.append(move_stage(company, BACK[stage], reason=reason, actor=actor))
    kept: dict[str, int] = dict(rows("reverse/carry.sql", "only_new", {"company": company.pk}))
    return RolledBack(steps=steps, kept={what: count for what, count in kept.items() if count})

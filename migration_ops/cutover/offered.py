"""What a person may do with a company now, with the consequences in words (pure)."""

from dataclasses import dataclass

from migration_ops.cutover.second_person import needs_two
from migration_ops.stages import LEGACY_LEADS, RUN_MOVES, STAGE_MOVES, RunStatus, Stage, is_forward

STEER, PROVE, MOVE = (f"migration_ops.{name}" for name in ("steer_runs", "prove_company", "move_stage"))
TYPED = (Stage.LIVE, Stage.COMPLETE)
"""Stages that are entered only by typing the company's name."""

CONSEQUENCES: dict[Stage, str] = {
    Stage.OFF: "Changes are not mirrored any more. What was migrated stays where it is and grows old.",
    Stage.DUALWRITE: "Changes of legacy rows are mirrored to the new tables. Legacy leads, as before.",
    Stage.SHADOW: "Reads of API v1 are compared with the new tables. Legacy leads, as before.",
    Stage.LIVE: "The new tables lead. Writers wait for a moment; from then on plain SQL writes to the company's legacy "
    "rows are refused, and changes are carried back to them. A step back loses nothing.",
    Stage.RAMPDOWN: "Reads are not compared with legacy any more. Changes are still carried back.",
    Stage.COMPLETE: "This cannot be taken back. Changes are not carried back to legacy any more, its rows are frozen, "
    "and the only way back is an archive.",
}
BACKWARD = "Every write made since is carried back first; nothing is deleted."


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One button. `typed`: the company's slug must be typed; `is_asked`: it only asks a second person."""

    verb: str
    label: str
    permission: str
    consequences: str
    to: Stage | None = None
    typed: bool = False
    is_asked: bool = False
    is_danger: bool = False


def offers(stage: Stage, run: RunStatus | None, *, is_stalled: bool) -> tuple[Offer, ...]:
    """The buttons of a company: its run's first, then proof, then steps forward and back."""
    return (*_run_offers(stage, run, is_stalled=is_stalled), *_proof_offers(stage), *_step_offers(stage))


def _run_offers(stage: Stage, run: RunStatus | None, *, is_stalled: bool) -> list[Offer]:
    moves = RUN_MOVES[run] if run else {}
    found = []
    if stage in (Stage.OFF, Stage.DUALWRITE, Stage.SHADOW) and (run is None or not moves):
        found.append(
            Offer(
                verb="start", label="Migrate", permission=STEER,
                consequences="Celery workers copy every legacy row of the company that is not settled yet. A company "
                "that is off goes to dual write first. Legacy leads all the while.",
            )
        )  # fmt: skip
    if stage in LEGACY_LEADS and (run in (RunStatus.PAUSED, RunStatus.FAILED) or is_stalled):
        found.append(
            Offer(
                verb="start", label="Resume", permission=STEER,
                consequences="Celery workers take the run over where it stands. A worker that wakes up late writes "
                "nothing.",
            )
        )  # fmt: skip
    if RunStatus.PAUSING in moves:
        found.append(
            Offer(
                verb="pause", label="Pause", permission=STEER,
                consequences="The run pauses at its next batch boundary; what is migrated stays.",
            )
        )  # fmt: skip
    if moves:
        found.append(
            Offer(
                verb="pace", label="Change the pace", permission=STEER,
                consequences="It holds from the next batch on.",
            )
        )  # fmt: skip
    if RunStatus.CANCELLING in moves or RunStatus.CANCELLED in moves:
        found.append(
            Offer(
                verb="cancel", label="Cancel the run", permission=STEER, is_danger=True,
                consequences="The run is given up at its next batch boundary. What is migrated stays, and a new run "
                "goes on from there.",
            )
        )  # fmt: skip
    return found


def _proof_offers(stage: Stage) -> list[Offer]:
    if stage in (Stage.OFF, Stage.COMPLETE):
        return []
    words = "Every depth is compared again by a Celery worker. A finding voids the gates; a clean result opens them."
    return [Offer(verb="validate", label="Validate", permission=PROVE, consequences=words)]


def _step_offers(stage: Stage) -> list[Offer]:
    found = []
    for after in STAGE_MOVES[stage]:
        forward, two = is_forward(stage, after), needs_two(stage, after)
        label = f"Ask for {after.label.lower()}" if two else f"Take to {after.label.lower()}"
        found.append(
            Offer(
                verb="step", label=label if forward else f"Back to {after.label.lower()}", permission=MOVE, to=after,
                consequences=CONSEQUENCES[after] if forward else f"{BACKWARD} {CONSEQUENCES[after]}",
                typed=forward and after in TYPED, is_asked=two, is_danger=not forward or two,
            )
        )  # fmt: skip
    if len([each for each in found if each.is_danger]) and stage in (Stage.SHADOW, Stage.LIVE, Stage.RAMPDOWN):
        found.append(
            Offer(
                verb="rollback", label="Back to off", permission=MOVE, to=Stage.OFF, typed=True, is_danger=True,
                consequences=f"The company goes back stage by stage. {BACKWARD} {CONSEQUENCES[Stage.OFF]}",
            )
        )  # fmt: skip
    return found

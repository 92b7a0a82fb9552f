"""Where a company stands, what a run is doing, and the moves that are allowed, each with its reason."""

from dataclasses import dataclass

from django.db import models


class Stage(models.TextChoices):
    """A company's stage; `migrate_legacy` takes it from off to dualwrite."""

    OFF = "off", "Off"
    DUALWRITE = "dualwrite", "Dual write"
    SHADOW = "shadow", "Shadow"
    LIVE = "live", "Live"
    RAMPDOWN = "rampdown", "Ramp-down"
    COMPLETE = "complete", "Complete"


class RunStatus(models.TextChoices):
    """What a run is doing. PAUSING and CANCELLING end at the next batch boundary."""

    RUNNING = "running", "Running"
    PAUSING = "pausing", "Pausing"
    PAUSED = "paused", "Paused"
    CANCELLING = "cancelling", "Cancelling"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"
    FINISHED = "finished", "Finished"


class BatchKind(models.TextChoices):
    """What a batch does, in the order of a run; a kind starts when the one before it is done.

    Indexes are built while the run finishes: they are no phase of their own (`PHASES`).
    """

    CONTACTS = "contacts", "Read contacts"
    IDENTITY = "identity", "Find customers"
    CLUSTERS = "clusters", "Decide customers"
    CUSTOMERS = "customers", "Write customers"
    ROWS = "rows", "Project rows"
    SWEEP = "sweep", "Catch up"
    INDEXES = "indexes", "Build indexes"
    FINISH = "finish", "Finish"


PHASES = tuple(kind for kind in BatchKind if kind is not BatchKind.INDEXES)


def kinds_in(phase: str) -> tuple[BatchKind, ...]:
    """The kinds of batches that a phase does."""
    return (BatchKind.INDEXES, BatchKind.FINISH) if phase == BatchKind.FINISH else (BatchKind(phase),)


class BatchState(models.TextChoices):
    """PENDING until its transaction commits; SPLIT when its halves took its place."""

    PENDING = "pending", "Pending"
    DONE = "done", "Done"
    SPLIT = "split", "Split"


# A run that still holds its company: nobody may start another.
ACTIVE = (RunStatus.RUNNING, RunStatus.PAUSING, RunStatus.CANCELLING, RunStatus.PAUSED, RunStatus.FAILED)

RUN_MOVES: dict[RunStatus, dict[RunStatus, str]] = {
    RunStatus.RUNNING: {
        RunStatus.PAUSING: "a person or a signal asked for a pause",
        RunStatus.CANCELLING: "a person gave the run up",
        RunStatus.FAILED: "an error that no retry can mend",
        RunStatus.FINISHED: "nothing is pending",
    },
    RunStatus.PAUSING: {
        RunStatus.PAUSED: "the last batch in work has ended",
        RunStatus.CANCELLING: "a person gave the run up",
        RunStatus.RUNNING: "a person took the pause back",
        RunStatus.FAILED: "an error that no retry can mend",
        RunStatus.FINISHED: "nothing was left to do",
    },
    RunStatus.PAUSED: {
        RunStatus.RUNNING: "a person resumed it",
        RunStatus.CANCELLED: "a person gave the run up",
    },
    RunStatus.CANCELLING: {
        RunStatus.CANCELLED: "the last batch in work has ended",
        RunStatus.FAILED: "an error that no retry can mend",
    },
    RunStatus.FAILED: {
        RunStatus.RUNNING: "a person started it again",
        RunStatus.CANCELLED: "a person gave the run up",
    },
    RunStatus.CANCELLED: {},
    RunStatus.FINISHED: {},
}


@dataclass(frozen=True, kw_only=True)
class Move:
    """One step of a company: why it is taken, what it needs (gates, by name), and the stage that takes it back."""

    reason: str
    gates: tuple[str, ...] = ()
    inverse: Stage | None = None


_PROVEN = ("schema", "capture", "backfill", "quarantine", "validation", "changes")

# Every move a company may make. A step forward needs its gates; its inverse is there before the step is offered.
STAGE_MOVES: dict[Stage, dict[Stage, Move]] = {
    Stage.OFF: {
        Stage.DUALWRITE: Move(reason="changes are mirrored and rows are copied", gates=("schema",), inverse=Stage.OFF)
    },
    Stage.DUALWRITE: {
        Stage.SHADOW: Move(reason="both sides are proven equal", gates=_PROVEN, inverse=Stage.DUALWRITE),
        Stage.OFF: Move(reason="the mirror is taken back"),
    },
    Stage.SHADOW: {
        Stage.LIVE: Move(
            reason="the new tables lead", inverse=Stage.SHADOW,
            gates=(*_PROVEN, "shadow_reads", "backup", "rollback_drill", "way_back"),
        ),
        Stage.DUALWRITE: Move(reason="reads are not compared any more"),
    },
    Stage.LIVE: {
        Stage.RAMPDOWN: Move(
            reason="legacy is not compared any more", inverse=Stage.LIVE,
            gates=("capture", "validation", "changes", "shadow_reads"),
        ),
        Stage.SHADOW: Move(reason="legacy leads again; nothing written since is lost"),
    },
    Stage.RAMPDOWN: {
        # No way back from here: the reverse window closes.
        Stage.COMPLETE: Move(
            reason="the new tables are all there is", gates=("capture", "quarantine", "validation", "changes", "backup")
        ),
        Stage.LIVE: Move(reason="legacy is compared again"),
    },
    Stage.COMPLETE: {},
}  # fmt: skip

LEGACY_LEADS = (Stage.OFF, Stage.DUALWRITE, Stage.SHADOW)
NEW_SIDE_LEADS = (Stage.LIVE, Stage.RAMPDOWN, Stage.COMPLETE)
MIRRORED = (Stage.DUALWRITE, Stage.SHADOW)
"""Stages in which changes of legacy rows are applied to the new tables."""
REVERSED = (Stage.LIVE, Stage.RAMPDOWN)
"""Stages in which changes of the new tables are carried back to legacy rows."""


def is_forward(before: Stage, after: Stage) -> bool:
    """Whether a step leads on, and so needs gates."""
    order = list(Stage)
    return order.index(after) > order.index(before)

"""Where a company stands, what a run is doing, and the moves that are allowed, each with its reason."""

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
    """What a batch does, in the order of a run; a kind starts when the one before it is done."""

    CONTACTS = "contacts", "Read contacts"
    IDENTITY = "identity", "Find customers"
    CLUSTERS = "clusters", "Decide customers"
    CUSTOMERS = "customers", "Write customers"
    ROWS = "rows", "Project rows"
    SWEEP = "sweep", "Catch up"
    FINISH = "finish", "Finish"


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

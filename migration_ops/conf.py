"""Typed settings of the move, with defaults and units. Where a number is read here, QUOTEPRO_<NAME> sets it."""

from django.conf import settings


def _number(name: str, default: int) -> int:
    return int(getattr(settings, f"QUOTEPRO_{name}", default))


MAPPING_VERSION = 1
"""Version of the projection's rules; a change of a rule raises it and voids earlier verdicts."""

BATCH_ROWS = _number("BATCH_ROWS", 5_000)
"""Legacy rows in a planned batch."""

MAX_BATCH_ROWS = 50_000
"""Largest batch an operator may ask for: a legacy writer may wait as long as its batch lasts."""

CONTACT_PARTS_FROM_ROWS = 50_000
"""Legacy rows from which contacts and customers are done in parts, by several workers."""

CONTACT_PART_ROWS = 500_000
"""Legacy rows behind one part of the contact and customer phases. Each part reads the whole company for its share, so
small parts of a large company would read it many times over."""

NOTICE_STALLED_S = _number("NOTICE_STALLED_S", 60)
"""Seconds without a heartbeat after which people are told that a run has stalled."""

EXPORTS_PER_HOUR = _number("EXPORTS_PER_HOUR", 20)
"""CSV files one person may take out of the admin in an hour."""

BATCH_ATTEMPTS = 3
"""Times a batch is tried again after a deadlock, a lost lock or a timeout before it is halved."""

HEARTBEAT_S = _number("HEARTBEAT_S", 2)
"""Seconds between two heartbeats of whoever drives a run."""

STALLED_S = _number("STALLED_S", 15)
"""Seconds without a heartbeat after which a run counts as stalled and may be taken over."""

BATCH_TARGET_MS = _number("BATCH_TARGET_MS", 1_000)
"""What a batch of rows should take, milliseconds; one that would take twice as long is split first. 0: as planned."""

PIECE_ROWS = 100
"""Fewest rows of a piece a batch is split into to fit its target."""

PACE_BATCHES = 10
"""Finished batches a run's pace is judged by."""

UNAPPLIED_LIMIT = 50_000
"""Captured changes waiting to be applied above which a run rests after each batch."""

LOCK_TIMEOUT_MS = _number("LOCK_TIMEOUT_MS", 2_000)
"""How long a batch waits for a locked legacy row before it is put off, milliseconds."""

STATEMENT_TIMEOUT_MS = _number("STATEMENT_TIMEOUT_MS", 600_000)
"""Longest statement of a batch, and longest pause between two of them: a frozen worker gives its rows back then."""

STANDSTILL_MS = 5_000
"""How long a process may stand still while others wait for it to commit, before the server ends its session."""

CAPTURE_LOCK_TIMEOUT_MS = 500
"""How long installing the capture triggers may hold up legacy writers, milliseconds."""

CAPTURE_ATTEMPTS = 40
"""Attempts to install the capture triggers."""

CAPTURE_RETRY_MS = 100
"""Rest between two attempts, milliseconds, growing with each."""

INDEXES_ASIDE_FROM_ROWS = _number("INDEXES_ASIDE_FROM_ROWS", 20_000)
"""Legacy rows from which a first run into empty tables builds the indexes of lists when its rows are there."""

QUARANTINE_LIMIT = 0.5
"""Share of quarantined rows above which a run stops by itself, once QUARANTINE_MIN_ROWS are done."""

QUARANTINE_MIN_ROWS = 1_000
"""Rows that must be done before the quarantine limit can stop a run."""

SWEEP_ROWS = 1_000
"""Rows the sweep projects in one transaction."""

SWEEP_ATTEMPTS = 6
"""Attempts of a slice of the sweep, each smaller, before the run stops."""

CATCH_UP_ROUNDS = 3
"""Times a run catches up with what changed while it was finishing, before it ends all the same."""

KEY_GROUP_LIMIT = 50
"""Contacts sharing a phone or mailbox above which it is no evidence at all."""

MISMATCHES_KEPT = 1_000
"""Differences one verdict keeps in full; all are counted."""

RECONNECTS = 30
"""Times a worker tries to reach a server that went away."""

MAX_WORKERS = 64
"""Most worker processes of one command; more machines take --enqueue."""

SLICE_S = 10
"""How long one Celery task works on a run before it makes room for others, seconds."""

ENQUEUED_SLICES = _number("ENQUEUED_SLICES", 2)
"""Celery tasks that work on one run at the same time."""

VALIDATION_CHUNK_ROWS = _number("VALIDATION_CHUNK_ROWS", 5_000)
"""Legacy rows that are compared in one transaction."""

RECHECK_MS = _number("RECHECK_MS", 300)
"""Rest before a row that differs is read again, milliseconds: it may have been in the middle of a change."""

APPLY_ROWS = _number("APPLY_ROWS", 200)
"""Changed deals that are applied in one transaction."""

APPLY_POLL_MS = _number("APPLY_POLL_MS", 500)
"""How long a follower waits for a notification before it looks by itself, milliseconds."""

APPLY_ATTEMPTS = 5
"""Times a change is tried before it counts as failed; it is tried again now and then all the same."""

APPLY_BACKOFF_S = 1.0
"""Rest of a change after its first failure, seconds; doubled with each, up to APPLY_BACKOFF_MOST_S."""

APPLY_BACKOFF_MOST_S = 300.0
"""Longest rest of a change that cannot be applied, seconds."""

FENCE_WAIT_MS = _number("FENCE_WAIT_MS", 1_000)
"""How long a stage move waits for writers in flight before it gives up and changes nothing, milliseconds."""

FENCE_DRAIN_MS = _number("FENCE_DRAIN_MS", 1_000)
"""How long a stage move may hold up writers while it applies the last changes, milliseconds."""

DRAIN_ROUNDS = 50
"""Rounds of applying before the fence is tried; what is left then is for the fence."""

BACKUP_AGE_H = _number("BACKUP_AGE_H", 24)
"""Oldest verified backup a gate accepts, by the moment of its snapshot, hours."""

BACKUP_ROOM_BYTES = 16 << 20
"""Free space a backup needs beside the half of the database's size, bytes."""

EVIDENCE_AGE_H = _number("EVIDENCE_AGE_H", 24)
"""Oldest validation a certificate rests on, before the company became complete, hours."""

DRILL_AGE_D = _number("DRILL_AGE_D", 90)
"""Oldest rollback drill and comparison of reads a certificate rests on, before the company became complete, days."""

RETIRE_QUIET_D = _number("RETIRE_QUIET_D", 30)
"""Days a company must have been complete, without a refused legacy write, before its legacy rows may go."""

RETIRE_ROWS = _number("RETIRE_ROWS", 1_000)
"""Legacy rows that are removed in one transaction."""

FOLLOW_SLICE_S = 10
"""How long one Celery task follows changes before it makes room for others, seconds."""

SHADOW_PERCENT = _number("SHADOW_PERCENT", 10)
"""Share of API v1's reads that are compared while shadow or live, percent; a company may have its own."""

SHADOW_BUDGET_MS = _number("SHADOW_BUDGET_MS", 3_000)
"""How long comparing one read may take before it is given up, milliseconds."""

SHADOW_QUEUE = _number("SHADOW_QUEUE", 100)
"""Reads that may wait to be compared, in each web process; more are dropped, and counted."""

SHADOW_ROWS = _number("SHADOW_ROWS", 1_000)
"""Rows of each endpoint that must have been equal before a gate opens; of a smaller company nine tenths."""

SHADOW_DAYS = _number("SHADOW_DAYS", 7)
"""Days (UTC, today among them) whose comparisons count for the gate; the newest must be of the last 24 hours."""

SHADOW_LOOKS = 5
"""Times a difference is looked at while captured changes that explain it wait to be applied."""

SHADOW_IDLE_S = 5.0
"""How long a web process keeps the connection it compares on while there is nothing to compare, seconds."""

SHADOW_END_S = 3.0
"""How long a web process that ends waits until what it has not compared is counted, seconds."""

REPLAY_ROWS = 200
"""Rows a replay reads at once."""

REPLAY_BUDGET_MS = 120_000
"""How long comparing one piece of a replay may take, milliseconds."""

SHADOW_OBJECTS_KEPT = 50
"""Objects one comparison keeps in full for each field and rule; all are counted."""

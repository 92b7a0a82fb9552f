"""Which gates of the next step are closed, from facts that were read for many companies at once (pure).

The gates themselves look again before a step; a test holds the two together. Left out are those that are not facts of a
company: the legacy table's columns and change capture, which hold for all, and the tried way back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from migration_ops import conf
from migration_ops.cutover.gates import MAX_LAG_S
from migration_ops.shadow.evidence import is_enough
from migration_ops.stages import STAGE_MOVES, Stage, is_forward

NOT_OF_A_COMPANY = frozenset({"schema", "capture", "way_back"})


@dataclass(frozen=True, kw_only=True)
class Left:
    """A proof some service left; `stands` while it passed and nothing voided it. `findings`: how many it knew of."""

    stands: bool
    mapping_version: int
    findings: int | None
    snapshot_at: str | None
    run: str | None


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Compared reads: the least rows and the oldest newest comparison of an endpoint; `have` counts legacy rows."""

    differences: int
    rows: int
    newest: datetime | None
    have: int


@dataclass(frozen=True, kw_only=True)
class Known:
    """What the gates of one company rest on; `run` is its last finished one, `findings` all it ever had."""

    run: int | None
    run_version: int | None
    is_active: bool
    capture_was_off: bool
    quarantined: int
    is_proven: bool
    failed: int
    oldest_s: float
    findings: int
    compared: Compared | None
    left: Mapping[str, Left]


def closed_ahead(stage: Stage, known: Known) -> tuple[Stage | None, tuple[str, ...]]:
    """The next stage, None at the end; and the gates before it that are closed."""
    ahead = next((after for after in STAGE_MOVES[stage] if is_forward(stage, after)), None)
    if ahead is None:
        return None, ()
    wanted = [gate for gate in STAGE_MOVES[stage][ahead].gates if gate not in NOT_OF_A_COMPANY]
    return ahead, tuple(gate for gate in wanted if not _is_open(gate, known))


def _is_open(gate: str, known: Known) -> bool:
    if gate == "backfill":
        is_current = known.run is not None and known.run_version == conf.MAPPING_VERSION
        return is_current and not known.is_active and not known.capture_was_off
    if gate == "quarantine":
        return not known.quarantined
    if gate == "validation":
        return known.is_proven
    if gate == "changes":
        return not known.failed and known.oldest_s <= MAX_LAG_S
    if gate == "shadow_reads":
        reads = known.compared
        return reads is not None and not reads.differences and is_enough(reads.rows, reads.newest, reads.have)
    return _stands(gate, known)


def _stands(gate: str, known: Known) -> bool:
    proof = known.left.get(gate)
    if proof is None or not proof.stands or proof.mapping_version != conf.MAPPING_VERSION:
        return False
    if gate != "backup":
        return known.findings == proof.findings
    taken = parse_datetime(proof.snapshot_at or "")
    is_fresh = taken is not None and taken >= timezone.now() - timedelta(hours=conf.BACKUP_AGE_H)
    return is_fresh and proof.run == (None if known.run is None else str(known.run))

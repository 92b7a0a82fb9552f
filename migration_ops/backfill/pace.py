"""How large a batch may be, and how long to rest after it (pure)."""

from migration_ops import conf


def pieces_that_fit(*, rows: int, ms_per_row: float | None, target_ms: int) -> int:
    """Into how many pieces to split a batch before it is begun; 1 leaves it as planned.

    Args:
        rows: planned rows of the batch.
        ms_per_row: what a row took lately, milliseconds; None when nothing is known yet.
        target_ms: what a batch should take, milliseconds; 0 leaves every batch as planned.
    """
    if not target_ms or ms_per_row is None:
        return 1
    expected_ms = rows * ms_per_row
    # Well above: a batch just over its target would gain little and pay another transaction.
    if expected_ms <= 2 * target_ms:
        return 1
    return max(1, min(-int(-expected_ms // target_ms), rows // conf.PIECE_ROWS))


def rest_after(
    *, batch_ms: int, pause_ms: int, oldest_transaction_s: float, unapplied: int, lock_waits: int
) -> tuple[int, str]:
    """The rest after a batch and its reason.

    Args:
        batch_ms: what the batch took, milliseconds.
        pause_ms: rest the operator asked for, milliseconds.
        oldest_transaction_s: age of the oldest transaction of anybody else, seconds.
        unapplied: captured changes waiting to be applied.
        lock_waits: recent batches that met a lock timeout or a deadlock.
    Returns:
        Milliseconds, never below ``pause_ms``, and words for the status page ("" when nothing slows the run).
    """
    found = [(pause_ms, f"resting: {pause_ms} ms asked for" if pause_ms else "")]
    if oldest_transaction_s > 30:
        # Our writes pile up dead rows that vacuum cannot remove while that transaction is open.
        found.append((min(5_000, batch_ms * 2), f"resting: oldest transaction {oldest_transaction_s:.0f} s"))
    if unapplied > conf.UNAPPLIED_LIMIT:
        found.append((min(5_000, batch_ms), f"resting: more than {conf.UNAPPLIED_LIMIT:,} captured changes wait"))
    if lock_waits:
        # Somebody works on the same rows: leave them some time between two batches.
        found.append((min(1_000, 200 * lock_waits), f"resting: {lock_waits} recent batches met locked rows"))
    return max(found, key=lambda rest: rest[0])

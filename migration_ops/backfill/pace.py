"""How long to rest between batches (pure)."""


def rest_after(*, batch_ms: int, pause_ms: int, oldest_transaction_s: float, unapplied: int) -> tuple[int, str]:
    """The rest after a batch and its reason.

    Args:
        batch_ms: what the batch took, milliseconds.
        pause_ms: rest the operator asked for, milliseconds.
        oldest_transaction_s: age of the oldest transaction of anybody else, seconds.
        unapplied: captured changes waiting to be applied.
    Returns:
        Milliseconds, never below ``pause_ms``, and words for the status page ("" when nothing slows the run).
    """
    if oldest_transaction_s > 30:
        # Our writes pile up dead rows that vacuum cannot remove while that transaction is open.
        return max(pause_ms, min(5_000, batch_ms * 2)), f"resting: oldest transaction {oldest_transaction_s:.0f} s"
    if unapplied > 50_000:
        return max(pause_ms, batch_ms), f"resting: {unapplied:,} captured changes wait"
    return pause_ms, f"resting: {pause_ms} ms asked for" if pause_ms else ""

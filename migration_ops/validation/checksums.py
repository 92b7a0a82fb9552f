"""Digest against digest, chunk by chunk; where they differ, down to the rows and their fields."""

from collections.abc import Sequence
from typing import Any

from migration_ops.validation.comparables import (
    comparables,
    differing_digests,
    digests,
    record,
    record_unplaced,
)
from migration_ops.validation.query import composed_rows
from migration_ops.validation.report import Difference, Tally


def compare(tally: Tally, params: dict[str, Any], unplaced: Sequence[Difference]) -> None:
    """Compare the digests of both sides of every table; the work tables hold the chunk's projection."""
    record_unplaced(tally, unplaced)
    for each in comparables():
        if not composed_rows(digests(each, by_bucket=False), params):
            continue
        buckets = [bucket for (bucket,) in composed_rows(digests(each, by_bucket=True), params)]
        record(tally, each, composed_rows(differing_digests(each), params | {"buckets": buckets}), params, unplaced)

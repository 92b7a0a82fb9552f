"""Row against row, column by column: missing, extra, mismatched."""

from collections.abc import Sequence
from typing import Any

from migration_ops.validation.comparables import comparables, differing_rows, record, record_unplaced
from migration_ops.validation.query import composed_rows
from migration_ops.validation.report import Difference, Tally


def compare(tally: Tally, params: dict[str, Any], unplaced: Sequence[Difference]) -> None:
    """Join both sides of every table and compare each column; the work tables hold the chunk's projection."""
    record_unplaced(tally, unplaced)
    for each in comparables():
        record(tally, each, composed_rows(differing_rows(each), params), params, unplaced)

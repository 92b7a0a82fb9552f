"""Bounds of a measured precision."""

import pytest

from migration_ops.identity.duplicates.precision import TELLING, is_below, wilson


@pytest.mark.parametrize(
    ("right", "answers", "low", "high"),
    [
        (0, 0, 0.0, 1.0),
        (10, 10, 0.7225, 1.0),
        (9, 10, 0.5958, 0.9821),
        (95, 100, 0.8882, 0.9785),
        (0, 10, 0.0, 0.2775),
        (998, 1000, 0.9927, 0.9995),
    ],
)
def test_bounds_are_those_of_the_literature(right, answers, low, high):
    assert wilson(right, answers) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("right", "answers"), [(-1, 3), (4, 3)])
def test_impossible_counts_are_refused(right, answers):
    with pytest.raises(ValueError, match="right of"):
        wilson(right, answers)


@pytest.mark.parametrize(
    ("right", "answers", "stops"),
    [
        (0, 0, False),
        (1, 1, False),
        (9, 10, True),
        (99, 100, False),
        (98, 100, True),
        (TELLING - 1, TELLING - 1, False),
        (TELLING, TELLING, False),
        (TELLING - 1, TELLING, True),
        (3_000, 3_000, False),
        (2_995, 3_000, False),
        (2_990, 3_000, True),
    ],
)
def test_merging_stops_below_the_bar(right, answers, stops):
    assert is_below(right, answers) is stops


def test_a_flawless_sample_can_reach_the_bar_from_telling_on():
    assert wilson(TELLING, TELLING)[0] >= 0.995 > wilson(TELLING - 1, TELLING - 1)[0]

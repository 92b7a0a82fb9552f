"""How sure one can be of a precision that was measured on a sample (pure).

Source: docs/decisions/0024-standing-audit.md
"""

from math import ceil, sqrt
from typing import Final

# The bar for merging without asking: 995 of 1,000 merges are right.
BAR: Final = 0.995
# 95 % of such intervals hold the truth.
Z: Final = 1.96
# A sample without a single mistake is large enough from here on for its lower bound to reach the bar.
TELLING: Final = ceil(Z * Z * BAR / (1 - BAR))


def wilson(right: int, answers: int, z: float = Z) -> tuple[float, float]:
    """Lower and upper bound of a share, by Wilson's score interval; (0, 1) without answers.

    Raises:
        ValueError: more right answers than answers, or fewer than none.
    """
    if not 0 <= right <= answers:
        raise ValueError(f"{right} right of {answers}")
    if answers == 0:
        return 0.0, 1.0
    share = right / answers
    middle = share + z * z / (2 * answers)
    reach = z * sqrt(share * (1 - share) / answers + z * z / (4 * answers * answers))
    whole = 1 + z * z / answers
    return max(0.0, (middle - reach) / whole), min(1.0, (middle + reach) / whole)


def is_below(right: int, answers: int, *, bar: float = BAR) -> bool:
    """Whether merging without asking has to stop.

    From ``TELLING`` answers on: the lower bound is below the bar. Before, when no sample could reach it: even the upper
    bound is.
    """
    low, high = wilson(right, answers)
    return answers > 0 and (low if answers >= TELLING else high) < bar

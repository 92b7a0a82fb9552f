"""What a search of one company tells, for whoever asked for it."""

from dataclasses import dataclass, field

from crm.models import Company


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What a run says otherwise than the last one.

    ``merge``: groups of customers it would merge and the last would not; ``split``: groups of the last run it would
    not merge whole; ``review`` and ``settled``: questions that are new, and questions that are none any more;
    ``doubted``: customers whose contacts these rules would not join.
    """

    merge: int
    split: int
    review: int
    settled: int
    doubted: int


@dataclass(kw_only=True)
class Outcome:
    """What a search of one company found. ``generic``: values found to say nothing, with their records. ``used``: of a
    large company its most used values, as ``count_used`` gives them."""

    company: Company
    contacts: int = 0
    customers: int = 0
    compared: int = 0
    scored: int = 0
    groups: int = 0
    grouped_customers: int = 0
    questions: int = 0
    cases: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    generic: list[tuple[str, str, int, int]] = field(default_factory=list)
    used: list[tuple[str, str, int, int, int]] = field(default_factory=list)
    auto_from: float = 0.0
    changes: Changes | None = None
    seconds: float = 0.0
    is_dry: bool = False

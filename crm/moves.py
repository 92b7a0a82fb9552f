"""The life of a deal: which step leads from which status to which. One table, asked by every service.

Statuses that legacy rows brought along and that are not listed here can be read, and take no step.
"""

from collections.abc import Mapping

from crm.exceptions import IllegalMove

# what -> step -> (statuses it may be taken from, status it leads to; None leaves the status as it is)
MOVES: Mapping[str, Mapping[str, tuple[tuple[str, ...], str | None]]] = {
    "lead": {
        "edited": (("new", "contacted", "qualified", "converted", "unclassified"), None),
        "contacted": (("new", "unclassified"), "contacted"),
        "qualified": (("new", "contacted", "unclassified"), "qualified"),
        "quoted": (("new", "contacted", "qualified", "unclassified"), "converted"),
    },
    "quote": {
        "edited": (("draft", "sent"), None),
        "sent": (("draft",), "sent"),
        "accepted": (("sent",), "accepted"),
        "rejected": (("sent",), "rejected"),
        "scheduled": (("accepted",), "scheduled"),
        "completed": (("accepted", "scheduled"), "completed"),
    },
    "job": {
        "scheduled": (("scheduled",), None),
        "started": (("scheduled",), "in_progress"),
        "completed": (("in_progress",), "completed"),
        "invoiced": (("scheduled", "in_progress", "completed"), None),
    },
    "invoice": {
        "sent": (("pending",), "sent"),
        "paid": (("pending", "sent"), "paid"),
    },
}


def next_status(what: str, status: str, verb: str) -> str:
    """The status after the step.

    Raises:
        IllegalMove: the step is not allowed from this status; the message names those that are.
    """
    before, after = MOVES[what][verb]
    if status not in before:
        allowed = tuple(step for step, (statuses, _) in MOVES[what].items() if status in statuses)
        raise IllegalMove(what=what, status=status, verb=verb, allowed=allowed)
    return status if after is None else after

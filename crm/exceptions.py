"""What the CRM can refuse."""

from typing import Any


class CrmError(Exception):
    """Base of everything this app refuses; the message is one clear line for the user.

    Attributes:
        status: the HTTP status an API answers with.
        code: a short word that programs may rely on.
    """

    status = 409
    code = "refused"
    message = ""

    def __init__(self, message: str = "", **facts: Any) -> None:
        self.facts = facts
        super().__init__(message or self.message.format(**facts))


class NotFound(CrmError):
    """There is no such row in this company; what belongs to another company does not exist here."""

    status = 404
    code = "not_found"

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no such {what}.")


class IllegalMove(CrmError):
    """The step is not allowed from where the row stands."""

    code = "illegal_move"

    def __init__(self, *, what: str, status: str, verb: str, allowed: tuple[str, ...]) -> None:
        steps = ", ".join(allowed) or "none"
        super().__init__(f"This {what} is {status!r}, so it cannot be {verb}. Steps allowed now: {steps}.")


class Conflict(CrmError):
    """Something that is there already is in the way."""

    code = "conflict"


class BadInput(CrmError):
    """A value that cannot be used; nothing was changed."""

    status = 422
    code = "bad_input"


class NotRepresentable(CrmError):
    """The company is still being moved, and a legacy row could not hold the result."""

    code = "not_representable"


class KeyReused(CrmError):
    """The Idempotency-Key was used before with another request."""

    status = 422
    code = "idempotency_key_reused"


class WriteRefused(CrmError):
    """A write the company's move does not allow now: another side leads, or could not follow."""

    code = "write_refused"


class CustomerUnknown(CrmError):
    """No customer of that id in the company."""

    message = "no customer {customer} in {company}"


class NotTwoCustomers(CrmError):
    """A merge, decision or relation needs customers that are not one already."""

    message = "{what} needs at least two different customers: {why}"


class AlreadyMerged(CrmError):
    """Somebody else merged first; says who, when, into whom."""

    message = "{customer} is already part of {survivor}: merged {at} by {actor}"


class PlanChanged(CrmError):
    """Something the plan was made from is different now; nothing was done. ``changes``: what, a line each."""

    message = "nothing was {done}, because something changed since the plan was made: {changes}"


class DecidedOtherwise(CrmError):
    """A person decided that two of these are not the same. ``decisions``: which."""

    message = "a person decided otherwise: {words}"


class RelationUnknown(CrmError):
    """A table refers to customers that merging knows nothing about."""

    message = "merging is refused: {relations} refer to customers, and what a merge must do with them is not known"


class MergeRefused(CrmError):
    """These customers cannot be merged, or this merge cannot be undone; the message says why."""

    message = "{why}"


class UndoRefused(CrmError):
    """A later merge stands in the way. ``blocking``: the merges to undo first, the latest first."""

    message = "cannot be undone yet: {why}"


class CustomersBusy(CrmError):
    """Somebody else is writing these customers and did not finish in time."""

    message = "{company} is being written by somebody else at this moment; nothing was changed, try again"

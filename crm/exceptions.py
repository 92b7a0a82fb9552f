"""What the CRM can refuse."""


class CrmError(Exception):
    """Base of everything this app refuses; the message is one clear line for the user.

    Attributes:
        status: the HTTP status an API answers with.
        code: a short word that programs may rely on.
    """

    status = 409
    code = "refused"


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

"""Which value a customer shows after a merge, by evidence (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

FIELDS = ("name", "email", "phone")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one member of the merge shows, and how much hangs on it. ``name`` is '' where there is none."""

    id: UUID
    name: str
    email: str | None
    phone: str | None
    settled: tuple[str, ...]
    quotes: int
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A contact of a member: its texts, its keys, and on how many quotes it stands (None: nobody knows)."""

    customer: UUID
    name: str | None
    email: str | None
    phone: str | None
    email_key: str | None
    phone_key: str | None
    quotes: int | None
    last_used_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A value a field could show after the merge, and what speaks for it.

    ``customers``: who shows or recorded it. ``quotes``: on how many quotes it stands, of ``all_quotes``.
    ``is_settled``: a person settled it before. ``is_shown``: a member shows it now.
    """

    value: str
    customers: tuple[UUID, ...]
    quotes: int
    all_quotes: int
    last_used_at: datetime | None
    is_settled: bool = False
    is_shown: bool = False


@dataclass(frozen=True, kw_only=True)
class Field:
    """One shown field: its candidates, the best first; what the merge will show; whether members differ."""

    name: str
    candidates: tuple[Candidate, ...]
    suggested: str | None
    chosen: str | None
    differs: bool

    def candidate(self, value: str | None) -> Candidate | None:
        """The candidate of this value, if it is one."""
        return next((candidate for candidate in self.candidates if candidate.value == value), None)


def weigh(members: Sequence[Shown], contacts: Sequence[Recorded]) -> tuple[Field, ...]:
    """The fields of a merge, each with its candidates; what members show comes before what is only recorded.

    A field whose value a person settled keeps it; otherwise the value on most quotes wins, then the one used last.

    Args:
        members: the survivor first.
    """
    return tuple(_field(name, members, contacts) for name in FIELDS)


def choose(field: Field, value: str | None) -> Field:
    """The field with another value than the suggested one.

    Raises:
        ValueError: the value is no candidate.
    """
    if field.candidate(value) is None and (value or None) != field.suggested:
        raise ValueError(value)
    return replace(field, chosen=value or None)


def _field(name: str, members: Sequence[Shown], contacts: Sequence[Recorded]) -> Field:
    everything = sum(member.quotes for member in members)
    found: dict[str, Candidate] = {}
    for member in members:
        value = getattr(member, name)
        if value:
            _add(
                found, _key(name, value), value, member.id, everything,
                is_settled=name in member.settled, is_shown=True,
            )  # fmt: skip
    for contact in contacts:
        value, key = _recorded(name, contact)
        if value and key:
            _add(found, key, value, contact.customer, everything)
    weighed = {key: _with_uses(name, key, candidate, members, contacts) for key, candidate in found.items()}
    shown = {_key(name, getattr(member, name)) for member in members if getattr(member, name)}
    order = sorted(weighed.values(), key=_rank, reverse=True)
    suggested = order[0].value if order and order[0].is_shown else None
    return Field(
        name=name, candidates=tuple(order), suggested=suggested, chosen=suggested,
        differs=len(shown) > 1,
    )  # fmt: skip


def _rank(candidate: Candidate) -> tuple[bool, bool, int, float]:
    last = candidate.last_used_at.timestamp() if candidate.last_used_at else float("-inf")
    return candidate.is_settled, candidate.is_shown, candidate.quotes, last


def _add(
    found: dict[str, Candidate], key: str, value: str, customer: UUID, everything: int,
    *, is_settled: bool = False, is_shown: bool = False,
) -> None:  # fmt: skip
    known = found.get(key)
    if known is None:
        found[key] = Candidate(
            value=value, customers=(customer,), quotes=0, all_quotes=everything, last_used_at=None,
            is_settled=is_settled, is_shown=is_shown,
        )  # fmt: skip
    else:
        found[key] = replace(
            known,
            customers=known.customers if customer in known.customers else (*known.customers, customer),
            is_settled=known.is_settled or is_settled,
        )


def _with_uses(
    name: str, key: str, candidate: Candidate, members: Sequence[Shown], contacts: Sequence[Recorded]
) -> Candidate:
    uses = [contact for contact in contacts if contact.quotes is not None and _recorded(name, contact)[1] == key]
    if uses:
        quotes = sum(contact.quotes or 0 for contact in uses)
        times = [contact.last_used_at for contact in uses if contact.last_used_at]
    else:
        showing = [member for member in members if getattr(member, name) and _key(name, getattr(member, name)) == key]
        quotes = sum(member.quotes for member in showing)
        times = [member.last_used_at for member in showing if member.last_used_at]
    return replace(candidate, quotes=quotes, last_used_at=max(times, default=None))


def _recorded(name: str, contact: Recorded) -> tuple[str | None, str | None]:
    """The value of a contact's field as it would be shown, and the key it is compared by."""
    if name == "phone":
        return contact.phone_key or contact.phone, contact.phone_key or contact.phone
    if name == "email":
        return contact.email_key or contact.email, contact.email_key or (contact.email or "").casefold()
    return contact.name, _key("name", contact.name) if contact.name else None


def _key(name: str, value: str) -> str:
    return value if name == "phone" else " ".join(value.split()).casefold()


def evidence_words(candidate: Candidate) -> str:
    """What speaks for a value, in words: "on 7 of 9 quotes, last 2024-05-03"."""
    if not candidate.quotes:
        return "on no quote"
    last = f", last {candidate.last_used_at:%Y-%m-%d}" if candidate.last_used_at else ""
    return f"on {candidate.quotes} of {candidate.all_quotes} quotes{last}"


def as_json(field: Field, *, is_settled: bool, value: str | None) -> Mapping[str, object]:
    """What is kept of a field: the value that won, where it came from, who settled it, and what lost."""
    won = field.candidate(value)
    return {
        "value": value,
        "settled": is_settled,
        "from": [str(customer) for customer in won.customers] if won else [],
        "why": evidence_words(won) if won else "",
        "lost": [
            {
                "value": other.value,
                "from": [str(customer) for customer in other.customers],
                "why": evidence_words(other),
            }
            for other in field.candidates
            if other.is_shown and other.value != value
        ],
    }

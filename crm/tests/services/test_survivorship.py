"""Which value wins, in a table of cases."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from crm.services.survivorship import Recorded, Shown, choose, evidence_words, weigh

A, B = UUID(int=1), UUID(int=2)


def day(number):
    return datetime(2024, 5, number, tzinfo=UTC)


def shown(id, *, quotes=1, last=1, settled=(), **values):
    known = {"name": "", "email": None, "phone": None} | values
    return Shown(id=id, settled=settled, quotes=quotes, last_used_at=day(last), **known)


def recorded(customer, *, quotes, last=1, **values):
    known = {"name": None, "email": None, "phone": None, "email_key": None, "phone_key": None} | values
    return Recorded(customer=customer, quotes=quotes, last_used_at=day(last), **known)


@pytest.mark.parametrize(
    ("members", "contacts", "phone", "differs"),
    [
        ([shown(A, phone="1", quotes=7), shown(B, phone="2", quotes=2)], [], "1", True),
        ([shown(A, phone="1", quotes=2), shown(B, phone="2", quotes=2, last=9)], [], "2", True),
        ([shown(A, phone="1", quotes=7), shown(B, phone="2", settled=("phone",))], [], "2", True),
        ([shown(A, phone=None, quotes=7), shown(B, phone="2")], [], "2", False),
        ([shown(A), shown(B)], [], None, False),
        # The customer has more quotes, but most of them with another of its contacts.
        (
            [shown(A, phone="1", quotes=7), shown(B, phone="2", quotes=5)],
            [recorded(A, phone_key="1", quotes=2), recorded(A, phone_key="3", quotes=5), recorded(B, phone_key="2", quotes=5)],
            "2",
            True,
        ),
        # What nobody shows is offered, but not suggested.
        ([shown(A, quotes=1), shown(B, quotes=1)], [recorded(A, phone="n/a", quotes=1)], None, False),
    ],
)  # fmt: skip
def test_the_suggestion_follows_the_evidence(members, contacts, phone, differs):
    field = weigh(members, contacts)[2]
    assert (field.name, field.suggested, field.chosen, field.differs) == ("phone", phone, phone, differs)


def test_spellings_are_one_candidate():
    field = weigh([shown(A, email="Ann@x.com"), shown(B, email="ann@x.com")], [])[1]
    assert len(field.candidates) == 1
    assert field.candidates[0].customers == (A, B)


def test_only_candidates_can_be_chosen():
    field = weigh([shown(A, phone="1"), shown(B, phone="2")], [])[2]
    assert choose(field, "2").chosen == "2"
    for value in ("3", None, "-"):
        with pytest.raises(ValueError, match=re.escape(str(value))):
            choose(field, value)


def test_the_evidence_in_words():
    field = weigh([shown(A, phone="1", quotes=7, last=9), shown(B, phone="2", quotes=0)], [])[2]
    assert [evidence_words(each) for each in field.candidates] == ["on 7 of 7 quotes, last 2024-05-09", "on no quote"]

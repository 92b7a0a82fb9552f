"""A decision holds until the evidence it was made on is another one."""

from uuid import UUID

import pytest

from crm.models import CustomerContact
from migration_ops.identity.duplicates.cases import Answer, customers_of, decide_case, next_case, rebuild_cases
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.reopened import news
from migration_ops.models import DedupConflict
from migration_ops.tests import moving
from migration_ops.tests.merging import living

COMPANY = UUID("e0000000-0000-4000-8000-000000000002")


def item(kind, level, weight, text="x"):
    return {"kind": kind, "level": level, "weight": weight, "text": text}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ([], [], []),
        ([item("phone", "equal", 9)], [item("phone", "equal", 4)], []),
        ([], [item("phone", "equal", 9, "the same phone")], ["new: the same phone"]),
        ([item("house", "unlike", -2, "another house")], [], ["no longer: another house"]),
        # What speaks against one customer is no reason to ask again.
        ([item("phone", "equal", 9)], [item("house", "unlike", -2)], []),
        ([], [item("prior", "prior", 1), item("rule", "household", 0), item("place", "shared", 1)], []),
    ],
)
def test_only_new_evidence_for_one_customer_is_news(before, now, told):
    assert news(before, now) == told


def a_row(number, name, email, phone, address):
    at = f"2024-05-{number + 1:02} 09:00+00"
    return {
        "id": str(UUID(int=number + 1)), "company_id": str(COMPANY), "customer_name": name, "email": email, "phone": phone,
        "address": address, "status": "sent", "total": "100", "created_at": at, "updated_at": at,
    }  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_decision_survives_every_search_until_the_evidence_changes():
    company = moving.company_of(COMPANY)
    strangers = [
        a_row(10 + n, f"{name} {name}son", f"{name}@mail.example", f"+1202555{n:04}", f"{n} {name} Street")
        for n, name in enumerate(("Alva", "Boris", "Cedric", "Dora", "Emil", "Frida", "Gustav", "Hilde"))
    ]
    moving.insert(
        [
            a_row(0, "Jonathan Marlow", "jon@marlow.example", "+12025559001", "12 Abbey Road"),
            a_row(1, "Jonathan Marlov", "j.m@post.example", "+12025559001", "7 Sea Lane"),
            *strangers,
        ]
    )
    moving.move(company)
    find_duplicates(company, auto_from=0.999)
    rebuild_cases(company)
    case = next_case(actor="ann")
    assert case is not None
    decide_case(case, Answer(groups=tuple((id,) for id in customers_of(case))), actor="ann")
    # Searched again; rows of both as they were known, a stranger who is new, other words in a row: no evidence at all.
    for later in (
        [],
        [
            a_row(2, "Jonathan Marlow", "jon@marlow.example", "+12025559001", "12 Abbey Road"),
            a_row(3, "Jonathan Marlov", "j.m@post.example", "+12025559001", "7 Sea Lane") | {"notes": "rang twice"},
            a_row(20, "Ivar Ivarson", "ivar@mail.example", "+12025550020", "20 Ivar Street"),
        ],
    ):
        moving.insert(later)
        moving.move(company)
        find_duplicates(company, auto_from=0.999)
        assert rebuild_cases(company) == 0
        assert not DedupConflict.objects.filter(state="open").exists()
    assert len(living(company)) == len(strangers) + 3
    # A new spelling of the one comes with the mailbox of the other.
    one = CustomerContact.objects.get(company=company, name="Jonathan Marlow")
    CustomerContact.objects.create(
        id=UUID(int=5), company=company, customer=one.customer, name="Jonathan Marlow", email="j.m@post.example",
        name_key=one.name_key, email_key="j.m@post.example", phone="+12025559001", phone_key="+12025559001",
        first_seen_at=one.first_seen_at, last_seen_at=one.last_seen_at,
    )  # fmt: skip
    find_duplicates(company, auto_from=0.999)
    assert rebuild_cases(company) == 1
    asked = DedupConflict.objects.get(state="open")
    assert asked.reason == "evidence_changed"
    assert any("ann decided on" in each["text"] and "new: " in each["text"] for each in asked.evidence)

"""The desk for values: found by use, the effect of a word, the word obeyed by search, look-up, import and late rows."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from benchmarks.made.traps import Row
from crm.models import Company, CustomerContact
from migration_ops.exceptions import RulingRefused
from migration_ops.identity.duplicates import used_values, values
from migration_ops.identity.duplicates.automatic import automatic_groups
from migration_ops.identity.duplicates.columns import ContactTexts
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.lookup import Lookup
from migration_ops.identity.late import resolve_contact
from migration_ops.models import AuditLine, ValueRuling
from migration_ops.tests import moving
from migration_ops.tests.identity.duplicates.stored import store

pytestmark = pytest.mark.django_db
PHONE, KEY, OAK = "217-555-0143", "+12175550143", "12 Oak Street, Springfield, IL 62704"
JOAN = [Row(1, "Joan Abernathy", "joan@a.net", PHONE, OAK), Row(1, "Joan Abernathy", "j.aber@b.net", PHONE, None)]
NAMES = ("Ann Lee", "Bob Ray", "Cy Poe", "Dee Moss", "Eve Hill", "Fay Stone", "Gus Wood", "Hal Marsh", "Ida Field")
OFFICE = [Row(number, name, f"p{number}@x.net", "217-555-0199", None) for number, name in enumerate(NAMES)]


@pytest.fixture
def company() -> Company:
    return Company.objects.create(name="Here", slug="here")


def effect(company, kind, value, word):
    (told,) = values.effects(company, kind, value, [word])
    return told


def test_values_are_found_by_use_and_a_word_is_remembered(company):
    store(company, enumerate([*OFFICE, *JOAN]))
    (office,) = used_values.values_by_use(company)
    assert (office.kind, office.value, office.customers, office.names) == ("phone", "+12175550199", 9, 9)
    assert (office.by_use, office.ruling) == ("little", None)
    made = values.rule(company, "phone", office.value, is_generic=True, actor="ann", reason="our own number")
    (office,) = used_values.values_by_use(company)
    assert office.ruling == made
    with pytest.raises(RulingRefused, match="ann said the same"):
        values.rule(company, "phone", office.value, is_generic=True, actor="bob", reason="again")
    values.rule(company, "phone", office.value, is_generic=False, actor="bob", reason="it is Ann's after all")
    values.withdraw(company, "phone", office.value, actor="cy", reason="nobody knows")
    with pytest.raises(RulingRefused, match="nobody has a word"):
        values.withdraw(company, "phone", office.value, actor="cy")
    said = list(ValueRuling.objects.order_by("pk").values_list("is_generic", "actor", "ended_by"))
    assert said == [(True, "ann", "bob"), (False, "bob", "cy")]
    assert list(AuditLine.objects.order_by("pk").values_list("action", "detail__reason"))[-3:] == [
        ("value_ruling", "our own number"),
        ("value_ruling", "it is Ann's after all"),
        ("value_ruling_withdrawn", "nobody knows"),
    ]


@pytest.mark.parametrize(
    ("kind", "value", "reason", "told"),
    [
        ("phone", KEY, " ", "say why"),
        ("colour", KEY, "x", "no such value"),
        ("phone", "", "x", "no such value"),
    ],
)
def test_a_word_needs_a_value_and_a_reason(company, kind, value, reason, told):
    with pytest.raises(RulingRefused, match=told):
        values.rule(company, kind, value, is_generic=True, actor="ann", reason=reason)
    assert ValueRuling.objects.count() == 0


def test_the_effect_is_what_the_next_search_then_does(company):
    store(company, enumerate(JOAN))
    find_duplicates(company)
    assert len(automatic_groups(company)) == 1
    told = effect(company, "phone", KEY, True)
    assert (told.merges_gone, told.merges_new, told.contacts, told.is_part) == (1, 0, 2, False)
    assert len(automatic_groups(company)) == 1
    values.rule(company, "phone", KEY, is_generic=True, actor="ann", reason="our own number")
    assert find_duplicates(company).groups == 0
    told = effect(company, "phone", KEY, None)
    assert (told.merges_gone, told.merges_new) == (0, 1)
    values.withdraw(company, "phone", KEY, actor="ann")
    assert find_duplicates(company).groups == 1


def test_of_a_large_company_what_lies_around_the_value_is_searched(company, monkeypatch):
    store(company, enumerate([*JOAN, *OFFICE]))
    monkeypatch.setattr(values, "WHOLE_UP_TO", 5)
    told = effect(company, "phone", KEY, True)
    assert (told.merges_gone, told.contacts, told.is_part) == (1, 2, True)


def test_around_a_value_means_by_mailbox_name_and_address_too(company, monkeypatch):
    store(company, enumerate([*JOAN, *OFFICE]))
    monkeypatch.setattr(values, "WHOLE_UP_TO", 5)
    for kind, value, contacts in (
        ("mailbox", "joan@a.net", 2), ("name", "joan abernathy", 2), ("address", "12 oak st springfield il 62704", 2),
        ("phone", "+12175550199", len(OFFICE)), ("name", "nobody", 0),
    ):  # fmt: skip
        told = effect(company, kind, value, True)
        assert (told.contacts, told.is_part) == (contacts, True), (kind, value)


def test_a_large_companys_values_are_counted_by_its_search(company, monkeypatch):
    store(company, enumerate([*JOAN, *OFFICE]))
    live = used_values.values_by_use(company)
    monkeypatch.setattr(used_values, "COUNTED_UP_TO", 5)
    assert used_values.is_large(company)
    # Nothing is counted while somebody waits: there is nothing until a search has counted.
    assert (used_values.values_by_use(company), used_values.counted_at(company)) == ([], None)
    find_duplicates(company)
    assert used_values.values_by_use(company) == live
    assert used_values.counted_at(company) is not None


def test_a_value_that_use_calls_generic_counts_once_a_person_says_so(company):
    crowd = [
        Row(number, f"{first} {last}", f"{first}.{last}@x.net", "217-555-0199", None)
        for number, (first, last) in enumerate(
            (first, last) for first in ("Ann", "Bob", "Carl", "Dora") for last in ("Lee", "Ray", "Poe", "Moss")
        )
    ]
    twice = [*crowd, Row(99, "Ann Lee", "other@y.net", "217-555-0199", None)]
    store(company, enumerate(twice))
    (office,) = [each for each in used_values.values_by_use(company) if each.kind == "phone"]
    assert office.by_use == "nothing"
    before = find_duplicates(company)
    values.rule(company, "phone", office.value, is_generic=False, actor="ann", reason="a switchboard with one account")
    after = find_duplicates(company)
    assert after.groups + after.questions > before.groups + before.questions
    assert office.value in {value for _, value, *_ in before.generic}
    assert office.value not in {value for _, value, *_ in after.generic}


@pytest.mark.parametrize(
    ("kind", "value"), [("address", "12 oak st springfield il 62704"), ("name", "tilda counterman")]
)
def test_addresses_and_names_can_say_nothing_too(company, kind, value):
    rows = [Row(n, "Tilda Counterman", None, None, OAK) for n in range(3)]
    store(company, enumerate(rows))
    known = {(each.kind, each.value): each.customers for each in used_values.values_by_use(company)}
    assert known[kind, value] == 3
    before = find_duplicates(company)
    assert before.groups == 1
    assert effect(company, kind, value, True).merges_gone == 1
    values.rule(company, kind, value, is_generic=True, actor="ann", reason="the till")
    assert find_duplicates(company).groups == 0


def test_looking_one_contact_up_obeys(company):
    store(company, enumerate(JOAN))
    find_duplicates(company, with_index=True)
    asked = ContactTexts("joan abernathy", (), (KEY,), ())
    (best, *_) = Lookup(company).matches(asked)
    values.rule(company, "phone", KEY, is_generic=True, actor="ann", reason="our own number")
    assert all(match.score < best.score - 0.2 for match in Lookup(company).matches(asked))


def a_row(number: int, name: str, email: str | None, phone: str) -> dict[str, str | None]:
    at = f"2024-05-{number + 1:02} 09:00+00"
    return {
        "id": str(UUID(int=number + 1)), "company_id": str(UUID(int=77)), "customer_name": name, "status": "sent",
        "email": email, "phone": phone, "created_at": at, "updated_at": at,
    }  # fmt: skip


@pytest.mark.parametrize("said", [False, True])
def test_an_import_and_late_rows_obey(said):
    company = moving.company_of(UUID(int=77))
    if said:
        values.rule(company, "phone", "+12025550143", is_generic=True, actor="ann", reason="our own number")
    moving.insert([a_row(0, "Joan Abernathy", None, "202-555-0143"), a_row(1, "J Abernathy", None, "202-555-0143")])
    moving.insert([a_row(2, "Joan Abernathy", "joan@a.net", "202-555-0143")])
    moving.move(company)
    customers = set(CustomerContact.objects.filter(company=company).values_list("customer_id", flat=True))
    assert len(customers) == (3 if said else 1)
    at = datetime(2024, 6, 1, tzinfo=UTC)
    customer, _ = resolve_contact(company, "Joan Abernathy", "j2@b.net", "(202) 555-0143", at)
    assert (customer in customers) == (not said)
    told = effect(company, "phone", "+12025550143", not said)
    assert told.joined == (0 if said else 1)
    # The word of one company is not another's.
    other = Company.objects.create(name="Other", slug="other")
    assert used_values.values_by_use(other) == []
    resolve_contact(other, "Joan Abernathy", None, "202-555-0143", at)
    resolve_contact(other, "Joan Abernathy", "j@c.net", "202-555-0143", at)
    assert CustomerContact.objects.filter(company=other).values("customer_id").distinct().count() == 1


def test_a_name_that_says_nothing_joins_nobody_in_an_import():
    company = moving.company_of(UUID(int=77))
    values.rule(company, "name", "tilda counterman", is_generic=True, actor="ann", reason="the till")
    moving.insert(
        [
            a_row(0, "Tilda Counterman", "a@a.net", "202-555-0143"),
            a_row(1, "Tilda Counterman", "b@b.net", "202-555-0143"),
        ]
    )
    moving.move(company)
    named = set(CustomerContact.objects.filter(company=company).values_list("name_key", flat=True))
    assert named == {"tilda counterman"}, "what was recorded stays as it is"

"""Each trap of customer data, in the smallest form that shows it."""

import pytest

from migration_ops.identity.duplicates import namesakes
from migration_ops.tests.identity.duplicates.people import contact, search, strangers

OAK = "12 Oak Street, Springfield, IL 62704"
PHONE = "217-555-0143"
OTHER_PHONE = "512-388-9071"

SAME = {
    "e-mail typo": (("Joan Abernathy", "joan.abernathy@gmail.com", PHONE), ("Joan Abernathy", "joan.abernaty@gmail.com", PHONE)),
    "phone typo": (("Joan Abernathy", None, PHONE, OAK), ("Joan Abernathy", None, "217-555-0134", OAK)),
    "phone in the e-mail column": (("Joan Abernathy", None, PHONE), ("Joan Abernathy", PHONE, None)),
    "e-mail in the phone column": (("Joan Abernathy", "joana@gmail.com", None), ("Joan Abernathy", None, "joana@gmail.com")),
    "phone inside the address": (("Joan Abernathy", None, PHONE), ("Joan Abernathy", None, None, f"{OAK} {PHONE}")),
    "last, first": (("Joan Abernathy", None, PHONE), ("Abernathy, Joan", None, PHONE)),
    "short form": (("Patricia Abernathy", None, PHONE), ("Pat Abernathy", None, PHONE)),
    "initial, nobody else there": (("Joan Abernathy", None, PHONE), ("J. Abernathy", None, PHONE)),
    "middle name": (("Joan Abernathy", None, PHONE), ("Joan Marie Abernathy", None, PHONE)),
    "name typo": (("Katarzyna Abernathy", None, PHONE), ("Katarzyna Abernahty", None, PHONE)),
    "gmail dots and plus": (("Joan Abernathy", "joan.ab@gmail.com", None), ("Joan Abernathy", "joanab+quotes@googlemail.com", None)),
    "country code": (("Joan Abernathy", None, "+1 (217) 555-0143"), ("Joan Abernathy", None, "0012175550143")),
    "extension": (("Joan Abernathy", None, PHONE), ("Joan Abernathy", None, f"{PHONE} x12")),
    "moved house, same mailbox": (("Joan Abernathy", "joana@aol.com", None, OAK), ("Joan Abernathy", "joana@aol.com", None, "99 Elm Rd, Reno, NV 89501")),
    "second phone, same mailbox": (("Joan Abernathy", "joana@aol.com", PHONE), ("Joan Abernathy", "joana@aol.com", OTHER_PHONE)),
    "legal form": (("Abernathy Roofing LLC", None, PHONE), ("Abernathy Roofing", None, PHONE)),
    "attn": (("Abernathy Roofing Attn: Kim", None, PHONE, OAK), ("Abernathy Roofing", None, PHONE, OAK)),
    "address in another spelling": (("Joan Abernathy", None, None, OAK), ("Joan Abernathy", None, None, "12 OAK ST Springfield IL 62704")),
}  # fmt: skip

APART = {
    "household": (("Joan Abernathy", None, PHONE, OAK), ("Robert Abernathy", None, PHONE, OAK)),
    "household on one mailbox": (("Joan Abernathy", "abernathys@aol.com", PHONE, OAK), ("Robert Abernathy", "abernathys@aol.com", PHONE, OAK)),
    "two generations": (("Robert Abernathy Sr", None, PHONE, OAK), ("Robert Abernathy Jr", None, PHONE, OAK)),
    "company and person": (("Abernathy Roofing LLC", None, PHONE, OAK), ("Joan Abernathy", None, PHONE, OAK)),
    "placeholder phone": (("Joan Abernathy", None, "000-000-0000"), ("Joan Castellanos", None, "000-000-0000")),
    "name alone": (("Joan Abernathy", None, None), ("Joan Abernathy", None, None)),
    "role mailbox of one local part": (("Joan Abernathy", "info@oak.com", None), ("Joan Castellanos", "info@elm.com", None)),
}  # fmt: skip


@pytest.mark.parametrize("trap", SAME)
def test_one_customer_written_in_two_ways_is_merged(trap):
    assert search(*(contact(*texts) for texts in SAME[trap])).verdict() == "auto"


@pytest.mark.parametrize("trap", APART)
def test_two_customers_who_look_alike_stay_apart_without_a_question(trap):
    assert search(*(contact(*texts) for texts in APART[trap])).verdict() == "separate"


RARE = {
    "a phone here, an address there": (("Joan Abernathy", None, PHONE), ("Joan Abernathy", None, None, OAK)),
    "a phone here, nothing there": (("Joan Abernathy", None, PHONE), ("Joan Abernathy", None, None)),
    "a company": (("Abernathy Roofing LLC", None, PHONE), ("Abernathy Roofing", "abernathy@oak.com", None)),
}


@pytest.mark.parametrize("trap", RARE)
def test_a_name_hardly_anybody_has_is_a_question_where_nothing_can_be_compared(trap):
    found = search(*(contact(*texts) for texts in RARE[trap]))
    assert (found.verdict(), found.why(), (0, 1) in found.questions) == ("review", "same_name", True)
    assert not found.together(0, 1)


def test_a_name_many_have_is_no_question():
    found = search(
        contact("Joan Abernathy", None, PHONE),
        contact("Joan Abernathy", None, None, OAK),
        contact("Joan Abernathy", None, OTHER_PHONE),
        contact("Joan Abernathy", "joan@a.net", None),
        contact("Joan Abernathy", "joan@b.net", None),
    )
    assert found.verdict() == "separate"


def test_a_name_is_no_question_where_what_is_known_of_the_two_differs():
    found = search(
        contact("Joan Abernathy", "joan@a.net", PHONE),
        contact("Joan Abernathy", "joan@a.net", None, OAK),
        contact("Joan Abernathy", None, OTHER_PHONE),
    )
    assert found.together(0, 1)
    assert found.verdict(1, 2) == "separate"


def test_questions_of_a_name_alone_do_not_flood_people(monkeypatch):
    pairs = [
        contact(person.name, *rest)
        for person in strangers(40, seed=3)
        if person.name
        for rest in ((None, None, OAK), (None, None))
    ]
    monkeypatch.setattr(namesakes, "MOST_PER_1000", 1_000)
    whole = search(*pairs, among=[])
    monkeypatch.setattr(namesakes, "MOST_PER_1000", 100)
    few = search(*pairs, among=[])
    assert len(few.questions) == len(pairs) // 10 < len(whole.questions)


def test_a_father_without_suffix_is_not_merged_with_his_son_through_a_third():
    found = search(
        contact("Robert Abernathy Jr", "bobby@a.net", PHONE, OAK),
        contact("R Abernathy", "bobby@a.net", PHONE, OAK),
        contact("Robert Abernathy", "robert@b.net", PHONE, OAK),
    )
    assert found.together(0, 1)
    assert not found.together(1, 2)


def test_a_missing_suffix_is_a_question_where_no_mailbox_settles_it():
    found = search(contact("Robert Abernathy Jr", None, PHONE, OAK), contact("Robert Abernathy", None, PHONE, OAK))
    assert found.verdict() == "review"


def test_a_mailbox_of_their_own_settles_a_missing_suffix():
    found = search(
        contact("Robert Abernathy Jr", "roba@aol.com", PHONE), contact("Robert Abernathy", "roba@aol.com", PHONE)
    )
    assert found.verdict() == "auto"


def test_an_initial_that_fits_two_people_of_a_house_is_merged_with_neither():
    found = search(
        contact("Joan Abernathy", None, PHONE),
        contact("James Abernathy", None, PHONE),
        contact("J Abernathy", None, PHONE),
    )
    assert found.labels[:3] == [0, 1, 2]


OFFICE = [
    contact(name, f"{name.split()[0].lower()}@quinlan.biz", PHONE)
    for name in ("Ravi Quinlan", "Mei Haverford", "Otto Petrosyan", "Ulla Castellanos")
]


def test_an_initial_that_fits_one_of_an_office_is_merged_with_that_one():
    joan = [contact(name, "joan.abernathy@quinlan.biz", PHONE) for name in ("Joan Abernathy", "J Abernathy")]
    assert search(*joan, *OFFICE).together(0, 1)


def test_an_initial_that_fits_two_of_an_office_is_a_question():
    joan = [contact(name, "joan.abernathy@quinlan.biz", PHONE) for name in ("Joan Abernathy", "J Abernathy")]
    found = search(*joan, contact("James Abernathy", "james.abernathy@quinlan.biz", PHONE), *OFFICE)
    assert not found.together(0, 1)
    assert (found.verdict(), found.why()) == ("review", "ambiguous_name")


def test_an_initial_fits_who_is_written_in_two_ways():
    found = search(
        contact("Robert Abernathy", "rab@aol.com", PHONE),
        contact("Bob Abernathy", "rab@aol.com", PHONE),
        contact("R Abernathy", "rab@aol.com", PHONE),
    )
    assert found.together(0, 1, 2)


def test_a_name_without_middle_name_vouches_for_no_other_middle_name():
    found = search(
        contact("Robert Maximilian Abernathy", "rab@aol.com", PHONE),
        contact("Robert Abernathy", "rab@aol.com", PHONE),
        contact("Robert Kyle Abernathy", "rab@aol.com", PHONE),
    )
    assert not found.together(0, 2)


def test_employees_on_one_business_phone_stay_apart():
    staff = [
        contact(f"{first} {last}", None, PHONE)
        for first, last in (
            ("Joan", "Abernathy"),
            ("Ravi", "Quinlan"),
            ("Mei", "Haverford"),
            ("Otto", "Petrosyan"),
            ("Ines", "Okonkwo"),
        )
    ]
    found = search(*staff)
    assert found.labels[:5] == [0, 1, 2, 3, 4]
    assert not found.questions & {(one, other) for one in range(5) for other in range(5)}


def test_a_mailbox_of_staff_typed_for_everybody_is_found_by_use():
    customers = [contact(person.name, "kelly@ourcrew.net", None) for person in strangers(40, seed=3) if person.name]
    found = search(*customers)
    assert found.labels[: len(customers)] == list(range(len(customers)))


def test_a_chain_does_not_join_what_contradicts_itself():
    found = search(
        contact("Joan Abernathy", "joan@a.net", PHONE), contact("J Abernathy", "joan@a.net", OTHER_PHONE),
        contact("James Abernathy", "james@b.net", OTHER_PHONE),
    )  # fmt: skip
    assert not found.together(0, 2)


def test_more_records_than_one_customer_has_are_not_one_group():
    crowd = [contact("Joan Abernathy", f"joan{number}@mail.net", PHONE) for number in range(40)]
    found = search(*crowd)
    sizes = [found.labels[:40].count(label) for label in set(found.labels[:40])]
    assert max(sizes) <= 25


def test_a_decision_keeps_two_apart_and_stops_the_bridge_through_a_third():
    one, other = contact("Joan Abernathy", "joan@a.net", PHONE), contact("Joan Abernathy", "joan@b.net", PHONE)
    third = contact("Joan Abernathy", "joan@a.net", None, OAK)
    fourth = contact("Joan Abernathy", "joan@b.net", PHONE, OAK)
    assert search(one, other, third, fourth).together(0, 1, 2, 3)
    found = search(one, other, third, fourth, apart=[(0, 1)])
    assert not found.together(0, 1)
    assert found.verdict() != "auto"
    assert not found.questions & {(0, 1)}


def test_a_decision_joins_what_no_rule_would():
    found = search(
        contact("Joan Abernathy", None, PHONE), contact("Mei Castellanos", None, OTHER_PHONE), together=[(0, 1)]
    )
    assert found.together(0, 1)


def test_contacts_of_one_customer_are_one_already():
    found = search(
        contact("Joan Abernathy", None, PHONE),
        contact("Mei Castellanos", None, OTHER_PHONE),
        among=[],
        customers=[7, 7],
    )
    assert found.together(0, 1)

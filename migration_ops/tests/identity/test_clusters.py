import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migration_ops.identity import clusters
from migration_ops.identity.clusters import MAX_RECORDS, decide
from migration_ops.identity.evidence import REASON_WORDS, Reason
from migration_ops.identity.names import COMPATIBLE, Likeness, likeness
from migration_ops.identity.pairs import judge
from migration_ops.tests.identity.component import component, contact, shape

P, Q, R = "+12125550001", "+12125550002", "+12125550003"
E, F, G = "e@x.org", "f@x.org", "g@x.org"
JOHN, MARY, JANE = "john smith", "mary smith", "jane smith"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(JOHN, E, P), (JOHN, F, P)], "same name and phone"),
        ([(JOHN, E, P), (JOHN, E, Q)], "same name and mailbox"),
        ([(JOHN, E, P), ("j smith", None, P)], "an initial"),
        ([(JOHN, E, P), ("smith", None, P)], "a bare surname"),
        ([("bob smith", E, P), ("robert smith", E, None)], "a nickname"),
        ([(JOHN, E, P), ("john michael smith", E, Q)], "a middle name"),
        ([(JOHN, E, P), ("smith john", E, Q)], "another order"),
        ([(JOHN, E, P), (None, E, P)], "no name, but phone and mailbox"),
        ([(JOHN, E, P, "a"), (None, None, P, "a")], "no name, but phone and address"),
        ([(None, None, P), (None, None, P)], "nothing differs but the spelling"),
        ([("acme roofing llc", "info@acme.org", P), ("acme roofing", None, P)], "a legal form"),
        ([(JOHN, E, P), (JOHN, E, Q), (JOHN, F, Q)], "a chain of one name"),
        ([(JOHN, E, P), ("john smith jr", E, P)], "one mailbox settles the generation"),
    ],
)
def test_merged(rows, why):
    decision = decide(component(*rows))
    assert shape(decision) == ([list(range(1, len(rows) + 1))], [], []), why


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("john smith jr", E, P), ("john smith sr", E, P)], Reason.SUFFIX_CLASH),
        ([(JOHN, E, P), ("john smith jr", F, P)], Reason.SUFFIX_MISSING),
        ([(JOHN, None, P), ("john smith jr", None, P)], Reason.SUFFIX_MISSING),
        ([(JOHN, E, P), ("john smith llc", None, P)], Reason.COMPANY_SAME_NAME),
        ([(JOHN, E, P), ("ann jones", E, P)], Reason.PHONE_AND_MAILBOX_UNLIKE_NAMES),
        ([(JOHN, E, P, "a"), ("ann jones", F, P, "a")], Reason.PHONE_AND_ADDRESS_UNLIKE_NAMES),
        ([(JOHN, E, P), ("ann jones", F, P)], Reason.PHONE_UNLIKE_NAMES),
        ([(JOHN, E, P), ("ann jones", E, Q)], Reason.MAILBOX_UNLIKE_NAMES),
        ([("john smithers", E, P), ("john smithars", E, Q)], Reason.NAME_TYPO),
        ([(JOHN, E, None), (None, E, P)], Reason.NAME_MISSING),
        ([(None, E, P), (None, F, P)], Reason.NAME_MISSING),
        ([(JOHN, E, P, "a"), (JOHN, F, Q, "a")], Reason.SAME_NAME_AND_ADDRESS),
        ([("acme llc", "info@acme.org", P), ("acme llc", "info@acme.org", Q)], Reason.SAME_NAME_SHARED_KEY),
    ],
)
def test_asked(rows, reason):
    clusters, conflicts, relations = shape(decide(component(*rows)))
    assert clusters == [[1], [2]]
    assert conflicts == [(1, 2, reason.value)]
    assert relations == []


@pytest.mark.parametrize(
    ("rows", "relations"),
    [
        ([(JOHN, E, P), (MARY, F, P)], [(1, 2, "household")]),
        ([(JOHN, E, P, "a"), (MARY, F, Q, "a")], [(1, 2, "household")]),
        ([(JOHN, E, P), (MARY, E, P)], [(1, 2, "household")]),
        ([("acme roofing llc", None, P), (JOHN, E, P)], [(2, 1, "works_for")]),
        ([("acme roofing llc", "info@acme.org", P), (JOHN, "john@acme.org", Q)], [(2, 1, "works_for")]),
        (
            [("acme roofing llc", None, P), (JOHN, E, P), ("ann jones", F, P)],
            [(2, 1, "works_for"), (3, 1, "works_for")],
        ),
        ([(JOHN, "info@acme.org", P), ("ann jones", "info@acme.org", Q)], []),
        ([(JOHN, E, P), (JOHN, F, Q)], []),
        ([(JOHN, E, P, "a"), ("ann jones", F, Q, "a")], []),
        ([(None, "info@acme.org", P), (None, "info@acme.org", Q)], []),
    ],
)
def test_kept_apart_without_a_question(rows, relations):
    clusters, conflicts, found = shape(decide(component(*rows)))
    assert clusters == [[number] for number in range(1, len(rows) + 1)]
    assert conflicts == []
    assert found == relations


def test_an_initial_is_not_believed_where_two_people_have_it():
    rows = [("j smith", None, P), (JOHN, E, P), (JANE, F, P)]
    clusters, conflicts, relations = shape(decide(component(*rows)))
    assert clusters == [[1], [2], [3]]
    assert conflicts == [(1, 2, "ambiguous_name"), (1, 3, "ambiguous_name")]
    assert relations == [(2, 3, "household")]


def test_an_initial_is_not_believed_if_the_address_knows_a_second_person_of_it():
    rows = [("j smith", None, P, "a"), (JOHN, E, P, "a"), (JANE, F, Q, "a")]
    clusters, conflicts, _ = shape(decide(component(*rows)))
    assert clusters == [[1], [2], [3]]
    assert (1, 2, "ambiguous_name") in conflicts


def test_a_name_on_a_phone_that_the_family_shares_is_asked():
    rows = [(JOHN, E, P), (JOHN, F, P), (MARY, G, P)]
    clusters, conflicts, relations = shape(decide(component(*rows)))
    assert clusters == [[1], [2], [3]]
    assert conflicts == [(1, 2, "same_name_shared_key")]
    assert relations == [(1, 3, "household"), (2, 3, "household")]


def test_a_chain_whose_ends_contradict_is_shown_and_not_merged():
    # Each link agrees by itself; Bob Smith and J. Smith of Jane's mailbox cannot be one person.
    rows = [("john smith", E, P), ("j smith", F, P), ("jane smith", F, Q), (JOHN, E, R)]
    clusters, conflicts, _ = shape(decide(component(*rows)))
    assert [1, 4] in clusters
    assert [2] in clusters
    assert [3] in clusters
    assert {reason for _, _, reason in conflicts} <= {"ambiguous_name", "refused_bridge"}
    assert conflicts


def test_a_nameless_bridge_between_two_people_is_refused():
    contacts = [
        contact(1, JOHN, E, P),
        contact(2, "ann jones", F, Q),
        contact(3, None, E, P, extra=(F, Q)),
        contact(4, JOHN, E, R),
    ]
    clusters, conflicts, relations = shape(decide(contacts))
    # Both mailboxes and both phones are used under one name each, so each half of the bridge agrees.
    assert clusters == [[1, 4], [2], [3]]
    assert conflicts == [(1, 3, "refused_bridge"), (2, 3, "refused_bridge")]
    assert relations == []


def test_more_records_than_one_customer_has_are_shown_and_not_merged():
    rows = [(JOHN, f"m{number}@x.org", P) for number in range(MAX_RECORDS + 1)]
    decision = decide(component(*rows))
    assert len(decision.clusters) == MAX_RECORDS + 1
    assert {conflict.reason for conflict in decision.conflicts} == {Reason.COMPONENT_TOO_LARGE}
    assert len(decision.conflicts) == MAX_RECORDS
    assert len(decide(component(*rows[:-1])).clusters) == 1


@pytest.mark.parametrize("key", [P, E])
def test_a_key_of_many_unlike_names_is_generic(key):
    four = ["ann jones", "bob brown", "carl weiss", "dora lang"]
    rows = [(name, *((key, None) if "@" in key else (None, key))) for name in four] + [(None, E, P)]
    assert len(decide(component(*rows)).clusters) == 5
    assert [item.reason for item in decide(component(*rows[:4])).conflicts] == []


def test_a_key_that_the_caller_calls_generic_makes_no_pairs():
    contacts = component((JOHN, E, P), (JOHN, F, P))
    assert shape(decide(contacts, {P})) == ([[1], [2]], [], [])


def test_placeholder_phone_of_five_hundred_people_takes_no_time_and_asks_nothing():
    names = [
        f"{first}{last} {last}{first}" for first in "abcdefghijklmnopqrstuvwxyz" for last in "abcdefghijklmnopqrst"
    ]
    contacts = component(*[(name, f"{number}@x.org", P) for number, name in enumerate(names[:500])])
    start = time.perf_counter()
    decision = decide(contacts)
    assert time.perf_counter() - start < 1
    assert (len(decision.clusters), decision.conflicts, decision.relations) == (500, [], [])


def test_a_long_component_is_decided_in_a_linear_number_of_comparisons(monkeypatch):
    def compared(size):
        made = []
        monkeypatch.setattr(clusters, "judge", lambda *pair: made.append(pair) or judge(*pair))
        decide(
            component(
                *[(f"name{n // 10} family", f"m{n // 2}@x.org", f"+1212555{(n + 1) // 2:04d}") for n in range(size)]
            )
        )
        return len(made)

    assert 1_000 <= compared(1_000) * 4 <= compared(4_000) + 100 <= compared(1_000) * 4 + 200


def test_evidence_is_said_in_words_and_the_score_follows_the_weights():
    (conflict,) = decide(component(("john smith jr", E, P), ("john smith sr", E, P))).conflicts
    assert [item["kind"] for item in conflict.evidence] == ["name_suffix_clash", "mailbox_shared", "phone_shared"]
    assert all(item["text"] for item in conflict.evidence)
    weight = -10 + sum(item["weight"] for item in conflict.evidence)
    assert conflict.score == pytest.approx(1 / (1 + 2**-weight), abs=1e-6)
    assert set(REASON_WORDS) == set(Reason)


def test_nobody_at_all_is_no_cluster():
    assert shape(decide([])) == ([], [], [])


names_ = st.sampled_from([None, JOHN, MARY, JANE, "j smith", "smith", "bob jones", "robert jones", "john smith jr",
                          "john smith sr", "acme roofing llc", "acme roofing", "jhon smith",
                          "john and mary smith"])  # fmt: skip
mails = st.sampled_from([None, None, E, F, G, "info@acme.org", "john@acme.org"])
phones = st.sampled_from([None, None, P, Q, R])
addresses = st.sampled_from([(), (), ("a",), ("b",), ("a", "b")])
contacts_ = st.lists(
    st.tuples(names_, mails, phones, st.lists(st.sampled_from([E, F, P, Q]), max_size=2), addresses), max_size=14
).map(
    lambda rows: [
        contact(number, name, mail, phone, extra=sorted(set(extra) - {mail, phone}), at=at)
        for number, (name, mail, phone, extra, at) in enumerate(rows, start=1)
    ]
)


@settings(max_examples=300, deadline=None)
@given(contacts=contacts_, data=st.data())
def test_the_order_of_the_contacts_changes_nothing(contacts, data):
    shuffled = data.draw(st.permutations(contacts))
    assert decide(shuffled, {"a"}) == decide(contacts, {"a"})


@settings(max_examples=300, deadline=None)
@given(contacts=contacts_)
def test_every_decision_is_a_partition_that_holds_together(contacts):
    decision = decide(contacts)
    ids = [item for cluster in decision.clusters for item in cluster]
    assert sorted(ids) == sorted(item.id for item in contacts)
    by_id = {item.id: item for item in contacts}
    where = {item: number for number, cluster in enumerate(decision.clusters) for item in cluster}
    for cluster in decision.clusters:
        for one in cluster:
            for other in cluster:
                found = likeness(by_id[one].name_key, by_id[other].name_key)
                assert found in COMPATIBLE or found is Likeness.SUFFIX_MISSING
    pairs = [tuple(sorted((where[item.contact_a], where[item.contact_b])))
             for item in (*decision.conflicts, *decision.relations)]  # fmt: skip
    assert len(pairs) == len(set(pairs))
    assert all(one != other for one, other in pairs)
    assert all(0 <= item.score <= 1 for item in decision.conflicts)


@settings(max_examples=200, deadline=None)
@given(
    name=st.sampled_from([JOHN, "john", "john smith jr", "acme roofing llc", "john and mary smith", "#abc"]),
    keys=st.lists(
        st.tuples(mails, phones, st.lists(st.sampled_from([E, F, P, Q]), max_size=2)), min_size=1, max_size=25
    ),
)
def test_contacts_of_one_name_connected_by_keys_are_one_cluster(name, keys):
    """The shortcut that SQL may take must come to the same decision."""
    contacts = [contact(number, name, mail, phone, extra=sorted(set(extra) - {mail, phone}))
                for number, (mail, phone, extra) in enumerate(keys, start=1)]  # fmt: skip
    reached, grew = {contacts[0].id}, True
    own = {item.id: {item.phone_key, *item.extra_keys, None if item.email_is_role else item.email_key} - {None}
           for item in contacts}  # fmt: skip
    while grew:
        held = set().union(*(own[item] for item in reached))
        wider = reached | {item for item in own if own[item] & held}
        grew, reached = wider != reached, wider
    connected = [item for item in contacts if item.id in reached]
    decision = decide(connected)
    assert decision.clusters == [[item.id for item in connected]]
    assert (decision.conflicts, decision.relations) == ([], [])

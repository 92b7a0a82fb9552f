"""find_duplicates on a database: the queue, the plan, people's decisions, companies apart, looking one contact up."""

import csv
import json
from importlib import import_module
from uuid import UUID

import numpy as np
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.made.traps import Maker, Row
from crm.models import Company, Customer, CustomerAddress, CustomerRelation
from crm.services.merge import merge
from crm.services.undo import undo_merge
from legacy.models import LegacyQuote
from migration_ops.identity.duplicates import automatic, blocking, changed, columns, engine, find, index, lookup
from migration_ops.identity.duplicates import store as engine_store
from migration_ops.identity.duplicates.automatic import automatic_groups
from migration_ops.identity.duplicates.decisions import Decided
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.policy import Verdict
from migration_ops.identity.duplicates.weights import ENGINE_VERSION
from migration_ops.identity.late import resolve_contact, resolve_late
from migration_ops.models import DedupConflict, DedupContact, DedupGroup, DedupRun, DedupStale, DedupValue, LegacyLink
from migration_ops.tests.identity.duplicates.people import contact
from migration_ops.tests.identity.duplicates.stored import NOW, contact_id, customer_id, store

pytestmark = pytest.mark.django_db

PHONE, OAK = "217-555-0143", "12 Oak Street, Springfield, IL 62704"
SAME = [Row(1, "Joan Abernathy", "joan@a.net", PHONE, OAK), Row(1, "J. Abernathy", "joan@a.net", PHONE, None)]
HOUSE = [Row(1, "Joan Abernathy", None, PHONE, OAK), Row(2, "Robert Abernathy", None, PHONE, OAK)]
DOUBTFUL = [Row(1, "Robert Abernathy Jr", None, PHONE, OAK), Row(2, "Robert Abernathy", None, PHONE, OAK)]


@pytest.fixture
def company() -> Company:
    return Company.objects.create(name="Here", slug="here")


def run(*args: object, capsys) -> dict:
    call_command("find_duplicates", *map(str, args), "--json")
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_sure_pair_is_planned_and_not_merged(company):
    store(company, enumerate(SAME))
    find_duplicates(company)
    (group,) = automatic_groups(company)
    assert group.customers == tuple(sorted(customer_id(company, number) for number in (0, 1)))
    assert group.score >= 0.99
    assert len(group.links[0].reasons) == 2
    assert "same mailbox, used under one name" in group.links[0].reasons
    assert Customer.objects.filter(merged_into__isnull=False).count() == 0
    assert DedupConflict.objects.count() == 0


def test_a_doubtful_pair_becomes_a_question_with_evidence_and_what_would_turn_it(company):
    store(company, enumerate(DOUBTFUL))
    find_duplicates(company)
    question = DedupConflict.objects.get()
    assert question.reason in ("suffix_missing", "probable")
    assert 0.5 <= question.score < 1
    assert question.counterfactual
    assert question.case in {customer_id(company, 0), customer_id(company, 1)}
    total = sum(item["weight"] for item in question.evidence)
    assert 1 / (1 + 2**-total) == pytest.approx(question.score, abs=0.03)


def test_a_plain_household_is_related_without_a_question(company):
    store(company, enumerate(HOUSE))
    find_duplicates(company)
    assert DedupConflict.objects.count() == 0
    assert CustomerRelation.objects.get().kind == "household"
    find_duplicates(company)
    assert CustomerRelation.objects.count() == 1


def test_a_second_run_changes_nothing(company):
    store(company, enumerate([*SAME, *DOUBTFUL, *Maker(3).rows(60)]))
    find_duplicates(company)
    before = set(DedupConflict.objects.values_list("pk", "contact_a", "contact_b", "score", "fingerprint"))
    changes = find_duplicates(company).changes
    assert set(DedupConflict.objects.values_list("pk", "contact_a", "contact_b", "score", "fingerprint")) == before
    assert (changes.merge, changes.split, changes.review, changes.settled) == (0, 0, 0, 0)


def kept_apart(company: Company) -> Decided:
    """A person's decision about the customers of the first two rows, wherever decisions are kept."""
    one, other = sorted(customer_id(company, number) for number in (0, 1))
    return Decided(apart=frozenset({(one, other)}), together=frozenset())


def test_what_a_person_decided_is_never_overruled(company, monkeypatch):
    store(company, enumerate(SAME))
    a, b = sorted(contact_id(company, number) for number in (0, 1))
    decision = DedupConflict.objects.create(
        company=company, contact_a_id=a, contact_b_id=b, reason="probable", score=0.7, state="different",
        created_at="2024-01-01T00:00Z",
    )  # fmt: skip
    monkeypatch.setattr(find, "decided", kept_apart)
    find_duplicates(company)
    assert DedupGroup.objects.count() == 0
    decision.refresh_from_db()
    assert (decision.state, decision.score) == ("different", 0.7)


def test_a_group_is_withdrawn_when_a_person_decides_otherwise_afterwards(company, monkeypatch):
    store(company, enumerate(SAME))
    find_duplicates(company)
    assert len(automatic_groups(company)) == 1
    monkeypatch.setattr(automatic, "decided", kept_apart)
    assert automatic_groups(company) == []


def test_two_companies_never_meet(company, capsys):
    other = Company.objects.create(name="There", slug="there")
    store(company, [(0, SAME[0])])
    store(other, [(1, SAME[1])])
    for each in (company, other):
        assert run("--company", each.slug, capsys=capsys)["scored"] == 0
        engine_index(each)
    assert DedupGroup.objects.count() == DedupConflict.objects.count() == CustomerRelation.objects.count() == 0
    contact = engine_store.read_book(company).records[0]
    assert lookup.Lookup(other).matches(contact)
    assert {match.contact for match in lookup.Lookup(other).matches(contact)} == {contact_id(other, 1)}
    assert lookup.Lookup(company).matches(contact, but=contact_id(company, 0)) == []


def engine_index(company: Company) -> None:
    find_duplicates(company, with_index=True)


def test_a_dry_run_says_what_would_change_and_writes_nothing(company, capsys):
    store(company, enumerate([*SAME, *DOUBTFUL]))
    result = run("--company", "here", "--dry-run", capsys=capsys)
    assert (result["changes"]["merge"], result["changes"]["review"], result["dry_run"]) == (
        result["groups"],
        result["questions"],
        True,
    )
    assert result["groups"] + result["questions"] > 0
    assert DedupRun.objects.count() == DedupGroup.objects.count() == DedupConflict.objects.count() == 0


def test_the_export_has_a_line_for_each_scored_pair(company, capsys, tmp_path):
    store(company, enumerate([*SAME, *Maker(3).rows(60)]))
    target = tmp_path / "pairs.csv"
    result = run("--company", "here", "--export", target, capsys=capsys)
    with target.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == result["scored"] > 0
    assert list(rows[0]) == ["company", "contact_a", "contact_b", "name_a", "name_b", "score", "decision", "evidence"]
    assert {row["decision"] for row in rows} <= {"auto", "review", "separate"}
    assert all(0 <= float(row["score"]) <= 1 and row["evidence"] for row in rows)
    mine = {str(contact_id(company, 0)), str(contact_id(company, 1))}
    (pair,) = [row for row in rows if {row["contact_a"], row["contact_b"]} == mine]
    assert pair["decision"] == "auto"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--company", "nobody"], "no company 'nobody'"),
        (["--company", "here", "--export", "/dev/null/pairs.csv"], "--export '/dev/null/pairs.csv'"),
        (["--company", "here", "--auto-from", "2"], "2: give a probability"),
    ],
)
def test_bad_input_is_one_clear_line_and_changes_nothing(company, args, words):
    with pytest.raises(CommandError, match=words) as refused:
        call_command("find_duplicates", *args)
    assert refused.value.returncode in (1, 2)
    assert DedupRun.objects.count() == 0


def test_looking_one_contact_up_finds_what_the_search_finds(company):
    rows = list(enumerate([*SAME, *DOUBTFUL, *HOUSE, *Maker(9).rows(150)]))
    store(company, rows)
    find_duplicates(company, with_index=True)
    book = engine_store.read_book(company)
    found = engine.search(book.records)
    pairs, size = blocking.candidate_pairs(found.columns, found.comparer.statistics.address_words), len(book.ids)
    expected = {(int(pair // size), int(pair % size)) for pair in pairs}
    looker = lookup.Lookup(company)
    row_of = {id: row for row, id in enumerate(book.ids)}
    met: dict[tuple[int, int], float] = {}
    for row, (id, record) in enumerate(zip(book.ids, book.records, strict=True)):
        for match in looker.matches(record, but=id):
            met[row, row_of[match.contact]] = match.score
    both = sorted({(min(pair), max(pair)) for pair in met} | expected)
    one, other = np.array(both, np.int32).T
    scored = engine.scored_of(found.comparer, one, other, found.threshold)
    scores = {
        (one, other): score
        for one, other, score in zip(scored.one.tolist(), scored.other.tolist(), scored.score.tolist(), strict=True)
    }
    for pair in expected & scores.keys():
        assert {pair, pair[::-1]} <= met.keys()
    assert met.keys() <= {*scores, *(pair[::-1] for pair in scores)}
    for (one, other), score in met.items():
        assert score == pytest.approx(scores[min(one, other), max(one, other)], abs=0.003)


def test_a_new_contact_is_in_the_index_without_anybody_doing_anything(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    new = contact("Abernathy, Joan", "joan.a@work.example", "(217) 555-0143")
    assert lookup.Lookup(company).matches(new)[0].score > 0.9
    customer, id = resolve_contact(company, "Joan Abernathy", "joan.a@work.example", None, NOW)
    matches = lookup.Lookup(company).matches(new)
    assert (matches[0].contact, matches[0].customer) == (id, customer)
    assert not DedupStale.objects.filter(is_indexed=False).exists()
    # A second look-up finds nothing to do, and the same.
    assert lookup.Lookup(company).matches(new) == matches


def counts_differ(ids: list[UUID]) -> list[UUID]:
    """Of these contacts those whose values the index has with other counts than there are now."""
    now = {each.value: (each.uses, each.people, each.companies) for each in DedupValue.objects.all()}
    return [
        each.pk
        for each in DedupContact.objects.filter(pk__in=ids)
        if index.counts_in(each.counted) != {value: now.get(value, index.UNKNOWN) for value in each.values}
    ]


def test_the_index_knows_how_common_the_values_of_a_contact_are(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    everybody = list(DedupContact.objects.values_list("pk", flat=True))
    assert len(everybody) > 80
    assert counts_differ(everybody) == []
    counted = [index.counts_in(each.counted) for each in DedupContact.objects.all()]
    DedupContact.objects.update(counted=b"")
    with connection.cursor() as cursor:
        cursor.execute(import_module("migration_ops.migrations.0025_contact_counts").COUNT)
    assert counts_differ(everybody) == []
    assert max(uses for each in counted for uses, _, _ in each.values()) > 5
    _, id = resolve_contact(company, "Joan Abernathy", "joan.a@work.example", None, NOW)
    lookup.Lookup(company).matches(contact("Joan Abernathy", None, None))
    assert DedupContact.objects.filter(pk=id).exists()
    assert counts_differ([id]) == []


def test_a_look_up_knows_what_is_shared_as_of_now_and_the_rest_as_of_the_index(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    DedupValue.objects.update(uses=777)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE migration_dedup_contact SET counted = (SELECT string_agg(int8send(value) || int4send(55)"
            " || int2send(5::smallint) || int2send(4::smallint), '') FROM unnest(\"values\") AS value)"
        )
    looker = lookup.Lookup(company)
    asked = columns.build([contact("Joan Abernathy", "joan@a.net", None)])
    _, keys = index.keys_of(asked, None, company, capped=False)
    own = index.of_record(asked, index.value_hashes(asked), 0)
    found, known, _ = looker._ask(keys, own, None)
    assert found
    shared = set(DedupValue.objects.filter(value__in=own).values_list("value", flat=True))
    assert shared
    assert {known[value][0] for value in shared} == {777}
    assert {known[value] for value in known.keys() - set(own)} == {(55, 5, 4)}


def test_what_came_between_a_search_and_its_index_is_not_forgotten(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    book = engine_store.read_book(company)
    _, id = resolve_contact(company, "Mei Castellanos", "mei@c.net", None, NOW)
    index.write_index(company, book, engine.search(book.columns))
    assert lookup.Lookup(company).matches(contact("Mei Castellanos", "mei@c.net", None))[0].contact == id


def test_a_run_brings_the_index_up_to_date_too(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    _, id = resolve_contact(company, "Mei Castellanos", "mei@c.net", None, NOW)
    assert not DedupContact.objects.filter(pk=id).exists()
    find_duplicates(company)
    assert DedupContact.objects.get(pk=id).mailboxes == ["mei@c.net"]


def test_what_changed_is_asked_about_without_a_search_of_everything(company, capsys, monkeypatch):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    before = DedupConflict.objects.count()
    customer, id = resolve_contact(company, "Joan Abernathy", "joan.a@work.example", None, NOW)
    sure, other = resolve_contact(company, "Joan Abernathy", "joan.a@work.example", "512-388-9071", NOW)
    assert customer == sure
    monkeypatch.setattr(engine, "search", None)
    result = run("--company", "here", "--changed", capsys=capsys)["companies"][0]
    assert (result["contacts"], result["questions"]) == (2, DedupConflict.objects.count() - before)
    for question in DedupConflict.objects.filter(engine_version=ENGINE_VERSION).order_by("-pk")[: result["questions"]]:
        assert {question.contact_a_id, question.contact_b_id} & {id, other}
        assert question.evidence
    assert run("--company", "here", "--changed", capsys=capsys)["companies"][0]["contacts"] == 0
    monkeypatch.undo()
    find_duplicates(company)
    assert not DedupStale.objects.exists()


def test_a_changed_contact_a_person_decided_about_is_not_asked_about(company, monkeypatch):
    store(company, enumerate([*HOUSE, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    new, _ = resolve_contact(company, "Joan Abernathy", None, "217-555-0134", NOW)
    known = customer_id(company, 0)
    pair = (min(new, known), max(new, known))
    monkeypatch.setattr(changed, "decided", lambda company: Decided(apart=frozenset({pair}), together=frozenset()))
    changed.ask_about_changed(company)
    asked = {
        frozenset((each.contact_a.customer_id, each.contact_b.customer_id)) for each in DedupConflict.objects.all()
    }
    assert frozenset(pair) not in asked


def test_changed_contacts_need_an_index(company):
    store(company, enumerate(SAME))
    with pytest.raises(CommandError, match="find_duplicates --index once") as refused:
        call_command("find_duplicates", "--company", "here", "--changed")
    assert refused.value.returncode == 2
    with pytest.raises(CommandError, match="--changed and --merge exclude each other"):
        call_command("find_duplicates", "--company", "here", "--changed", "--merge")


def test_without_an_index_nothing_is_noted_for_it(company):
    store(company, enumerate(SAME))
    resolve_contact(company, "Mei Castellanos", "mei@c.net", None, NOW)
    assert not DedupStale.objects.exists()


def test_a_match_names_the_customer_there_is_after_a_merge_and_its_undo(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    asked = contact("Joan Abernathy", "joan@a.net", None)
    apart = {customer_id(company, number) for number in (0, 1)}
    made = merge(company, sorted(apart), actor="ann", reason="test")
    assert {match.customer for match in lookup.Lookup(company).matches(asked)[:2]} < apart
    undo_merge(made, actor="ann", reason="test")
    assert {match.customer for match in lookup.Lookup(company).matches(asked)[:2]} == apart


def test_a_new_address_is_in_the_index_without_anybody_doing_anything(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    _, id = resolve_contact(company, "Mei Castellanos", "mei@c.net", None, NOW)
    find_duplicates(company, with_index=True)
    assert DedupContact.objects.get(pk=id).addresses == []
    LegacyQuote.objects.create(
        pk=contact_id(company, 999), company_id=company.pk, customer_name="Mei Castellanos", email="mei@c.net",
        address="9 Elm Rd, Reno", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    resolve_late(company, [contact_id(company, 999)])
    assert lookup.Lookup(company).matches(contact("Mei Castellanos", None, None, "9 Elm Road, Reno"))[0].contact == id
    assert DedupContact.objects.get(pk=id).addresses == ["9 elm rd reno"]


def test_one_look_up_is_one_statement(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    looker = lookup.Lookup(company)
    with CaptureQueriesContext(connection) as asked:
        assert looker.matches(contact("Joan Abernathy", None, PHONE))
    assert len(asked) == 1


def test_a_contact_has_the_addresses_its_rows_recorded_with_it(company):
    store(company, enumerate([*SAME, *HOUSE]))
    address = CustomerAddress.objects.get(customer=customer_id(company, 0))
    # The row behind the second contact moved to this address; the customer of the first shows it too.
    LegacyLink.objects.create(
        legacy_id=contact_id(company, 99), company=company, contact_id=contact_id(company, 1), address=address,
        fingerprint=1, mapping_version=1,
    )  # fmt: skip
    book = engine_store.read_book(company)
    read = {id: record.addresses for id, record in zip(book.ids, book.records, strict=True)}
    folded = ("12 oak st springfield il 62704",)
    assert read[contact_id(company, 1)] == folded
    assert read[contact_id(company, 2)] == folded
    assert read[contact_id(company, 0)] == ()


def test_a_new_contact_finds_its_customer(company):
    store(company, enumerate([*SAME, *Maker(9).rows(80)]))
    find_duplicates(company, with_index=True)
    best = lookup.Lookup(company).matches(contact("Abernathy, Joan", None, "(217) 555-0143", OAK))[0]
    assert best.contact == contact_id(company, 0)
    assert best.verdict is Verdict.AUTO

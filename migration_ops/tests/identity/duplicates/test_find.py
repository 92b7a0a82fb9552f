"""find_duplicates on a database: the queue, the plan, people's decisions, companies apart, looking one contact up."""

import csv
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from benchmarks.made.traps import Maker, Row
from crm.models import Company, Customer, CustomerAddress, CustomerRelation
from migration_ops.identity.duplicates import automatic, blocking, engine, find, lookup
from migration_ops.identity.duplicates import store as engine_store
from migration_ops.identity.duplicates.automatic import automatic_groups
from migration_ops.identity.duplicates.decisions import Decided
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.policy import Verdict
from migration_ops.models import DedupConflict, DedupGroup, DedupRun, LegacyLink
from migration_ops.tests.identity.duplicates.people import contact
from migration_ops.tests.identity.duplicates.stored import contact_id, customer_id, store

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
    assert group.links[0].evidence[0].keys() == {"kind", "field", "level", "text", "weight"}
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


def test_looking_one_contact_up_equals_the_search(company):
    rows = list(enumerate([*SAME, *DOUBTFUL, *HOUSE, *Maker(9).rows(150)]))
    store(company, rows)
    find_duplicates(company, with_index=True)
    book = engine_store.read_book(company)
    found = engine.search(book.records)
    pairs, size = blocking.candidate_pairs(found.columns, found.comparer.statistics.address_words), len(book.ids)
    one, other = (pairs // size).astype("int32"), (pairs % size).astype("int32")
    scored = engine.scored_of(found.comparer, one, other, found.threshold)
    expected: dict = {id: {} for id in book.ids}
    for one, other, score in zip(scored.one.tolist(), scored.other.tolist(), scored.score.tolist(), strict=True):
        expected[book.ids[one]][book.ids[other]] = expected[book.ids[other]][book.ids[one]] = round(score, 3)
    looker = lookup.Lookup(company)
    for id, record in zip(book.ids, book.records, strict=True):
        matches = {match.contact: round(match.score, 3) for match in looker.matches(record, but=id)}
        assert matches == pytest.approx(expected[id], abs=0.002)


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

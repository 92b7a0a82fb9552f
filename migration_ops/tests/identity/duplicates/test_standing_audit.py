"""The standing audit: drawn once a day, asked blind, counted, stopping a company and letting it go on."""

import json
from datetime import date

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from benchmarks.made.traps import Row
from crm.models import Company, CustomerMerge, CustomerRelation
from crm.services.undo import undo_merge
from migration_ops import tasks
from migration_ops.exceptions import SampleRefused
from migration_ops.identity.duplicates import standing_audit, weights
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.merging import merge_automatic
from migration_ops.identity.duplicates.precision import TELLING
from migration_ops.identity.duplicates.standing_audit import answer_sample, figures, next_sample, resume, sample_merges
from migration_ops.models import AuditLine, AutomaticMerging, DedupRun, MergeSample
from migration_ops.tests.identity.duplicates.stored import store

pytestmark = pytest.mark.django_db(transaction=True)
GIVEN = ("Joan", "Walter", "Priya", "Oleg", "Marta", "Hugo")
LAST = ("Abernathy", "Kowalski", "Raman", "Petrov", "Silva", "Lindqvist")


def pair(number):
    """One person twice, at two mailboxes and one own phone."""
    name, phone = f"{GIVEN[number]} {LAST[number]}", f"217-555-01{number:02}"
    return [
        Row(number, name, f"{LAST[number]}@a.net", phone, f"{number + 1} Oak Street, Springfield"),
        Row(number, name, f"{GIVEN[number]}@b.net", phone, f"{number + 1} Oak Street, Springfield"),
    ]


@pytest.fixture
def company():
    made = Company.objects.create(name="Here", slug="here")
    store(made, enumerate(row for number in range(6) for row in pair(number)))
    find_duplicates(made)
    assert merge_automatic(made, actor="machine").merges == 6
    return made


def test_a_day_draws_once_what_was_never_drawn(company):
    first, second = date(2024, 6, 1), date(2024, 6, 2)
    assert sample_merges(company, size=4, day=first) == 4
    assert sample_merges(company, size=4, day=first) == 0
    assert sample_merges(company, size=4, day=second) == 2
    assert sample_merges(company, size=4, day=date(2024, 6, 3)) == 0
    assert set(MergeSample.objects.values_list("merge", flat=True)) == set(
        CustomerMerge.objects.values_list("pk", flat=True)
    )


def test_the_sides_are_as_they_were_before_the_merge(company):
    sample_merges(company)
    sample = MergeSample.objects.get(sides__0__name="Joan Abernathy")
    for mailbox, side in zip(sorted(["Abernathy@a.net", "Joan@b.net"]), sorted(
        sample.sides, key=lambda side: side["lines"][1][1][0]
    ), strict=True):  # fmt: skip
        lines = dict(side["lines"])
        assert lines["e-mail"] == [mailbox]
        assert lines["addresses"] == ["1 Oak Street, Springfield"]
        assert len(lines["also known as"]) == 1
        assert mailbox in lines["also known as"][0]


def test_pairs_kept_apart_are_mixed_in_and_not_counted(company):
    merges = list(CustomerMerge.objects.order_by("pk"))
    CustomerRelation.objects.create(
        company=company, customer=merges[0].survivor, other=merges[1].survivor, kind="household"
    )
    assert sample_merges(company, size=2) == 2
    assert MergeSample.objects.count() == 3
    control = MergeSample.objects.get(is_merged=False)
    answer_sample(control, "different", actor="ann")
    assert (figures(company).same, figures(company).different) == (0, 0)
    assert not figures(company).is_stopped


def test_answers_are_counted_once_and_the_second_person_is_told(company):
    sample_merges(company)
    asked = next_sample(company)
    answer_sample(asked, "same", actor="ann")
    with pytest.raises(SampleRefused, match=r"ann answered it on .*: same customer"):
        answer_sample(asked, "different", actor="bob")
    with pytest.raises(SampleRefused, match="no answer"):
        answer_sample(next_sample(company), "perhaps", actor="ann")
    answer_sample(next_sample(company), "unsure", actor="ann")
    now = figures(company)
    assert (now.same, now.different, now.unsure, now.waiting, now.precision) == (1, 0, 1, 4, 1.0)
    assert 0 < now.low < now.bar < now.high


def test_below_the_bar_merging_stops_says_so_and_is_resumed_with_a_reason(company, capsys):
    sample_merges(company)
    answer_sample(next_sample(company), "different", actor="ann")
    now = figures(company)
    assert now.is_stopped
    assert now.why.startswith("1 of 1 audited merges were wrong")
    undo_merge(CustomerMerge.objects.first(), actor="ann", remember=False)
    find_duplicates(company)
    refused = merge_automatic(company, actor="machine")
    assert (refused.run, refused.merges) == (None, 0)
    assert "automatic merging of Here is stopped since" in refused.stopped
    with pytest.raises(CommandError) as told:
        call_command("find_duplicates", "--company", "here", "--merge", "--json")
    assert told.value.returncode == 3
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["merged"][0]["stopped"]
    with pytest.raises(SampleRefused, match="say why"):
        resume(company, actor="bob", reason=" ")
    resume(company, actor="bob", reason="the answer was a slip")
    with pytest.raises(SampleRefused, match="not stopped"):
        resume(company, actor="bob", reason="again")
    now = figures(company)
    assert (now.is_stopped, now.same, now.different) == (False, 0, 0)
    assert merge_automatic(company, actor="machine").merges == 1
    assert list(AuditLine.objects.order_by("pk").values_list("action", flat=True))[-2:] == [
        "automatic_merging_stopped",
        "automatic_merging_resumed",
    ]
    answer_sample(next_sample(company), "same", actor="ann")
    assert not figures(company).is_stopped


def test_a_stop_meanwhile_ends_the_run_where_it_is(company):
    for merge in CustomerMerge.objects.order_by("-number"):
        undo_merge(merge, actor="ann", remember=False)
    find_duplicates(company)

    def stop(done, of):
        if done == 2:
            AutomaticMerging.objects.create(
                company=company, is_stopped=True, why="x", since=CustomerMerge.objects.first().at
            )

    ended = merge_automatic(company, actor="machine", progress=stop)
    assert ended.merges == 2
    assert ended.stopped
    assert ended.run is not None


def test_the_daily_task_and_the_command(company, capsys):
    Company.objects.create(name="Without merges", slug="without")
    assert tasks.sample_merges() == 6
    assert tasks.sample_merges() == 0
    call_command("audit_merges", "--company", "here", "--json")
    (told,) = json.loads(capsys.readouterr().out.splitlines()[-1])["companies"]
    assert (told["merges"], told["drawn"], told["waiting"], told["precision"]) == (6, 0, 6, None)
    answer_sample(next_sample(company), "different", actor="ann")
    with pytest.raises(CommandError) as stopped:
        call_command("audit_merges", "--company", "here")
    assert stopped.value.returncode == 3
    assert "stopped: 1 of 1 audited merges were wrong" in capsys.readouterr().out
    with pytest.raises(CommandError, match="needs --company") as refused:
        call_command("audit_merges", "--company", "here", "--resume")
    assert refused.value.returncode == 2
    call_command("audit_merges", "--company", "here", "--resume", "--actor", "bob", "--reason", "a slip")
    assert not standing_audit.figures(company).is_stopped
    with pytest.raises(CommandError) as refused:
        call_command("audit_merges", "--company", "nowhere")
    assert refused.value.returncode == 2


def test_a_large_company_is_merged_as_a_small_one_once_its_merges_are_proven(company, monkeypatch):
    """Above so many contacts the threshold is stricter, until the audit shows that this company needs none."""

    def merges_from():
        find_duplicates(company)
        return DedupRun.objects.get(company=company).auto_from

    def say(answer, times):
        MergeSample.objects.bulk_create(
            MergeSample(
                company=company, day=date(2024, 6, 1), is_merged=True, sides=[], answer=answer, answered_by="ann",
                answered_at=timezone.now(), created_at=timezone.now(),
            )
            for _ in range(times)
        )  # fmt: skip

    assert merges_from() == weights.AUTO_FROM
    monkeypatch.setattr(weights, "LARGE", 5)
    assert merges_from() == weights.AUTO_FROM_LARGE
    say("same", TELLING - 1)
    assert merges_from() == weights.AUTO_FROM_LARGE
    say("same", 1)
    assert merges_from() == weights.AUTO_FROM
    say("different", 1)
    assert merges_from() == weights.AUTO_FROM_LARGE

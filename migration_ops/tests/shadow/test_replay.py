"""A replay compares every row at every endpoint: equal in every stage, and every planted difference is named (V27)."""

import json

import pytest
from django.db import connection

from crm.models import Company
from legacy.fields import PlainNumericField
from legacy.models import LegacyQuote
from migration_ops.backfill.migrate import migrate
from migration_ops.exceptions import NothingToCompare
from migration_ops.models import AuditLine, CompanyStage, Finding, ShadowCount, ShadowGroup, ShadowMismatch
from migration_ops.models.shadow import Endpoint
from migration_ops.selectors.standing import standing_of
from migration_ops.shadow import replay as replays
from migration_ops.shadow.replay import replay
from migration_ops.stages import Stage
from migration_ops.tests.api.clients import caller, to_stage
from migration_ops.tests.legacy_rows import UNREADABLE, id_at, insert, update
from migration_ops.tests.living import migrated
from migration_ops.validation.run import validate

pytestmark = pytest.mark.django_db(transaction=True)
BOTH = {"list", "detail"}


def ids(company) -> list:
    return list(LegacyQuote.objects.filter(company_id=company.pk).order_by("id").values_list("pk", flat=True))


def found() -> dict[tuple[str, str], set[str]]:
    """Open differences: (field, rule) to the endpoints they were seen at."""
    groups: dict[tuple[str, str], set[str]] = {}
    for group in ShadowGroup.objects.filter(resolved_at=None):
        groups.setdefault((group.field, group.rule), set()).add(group.endpoint)
    return groups


@pytest.mark.parametrize("stage", [Stage.DUALWRITE, Stage.SHADOW, Stage.LIVE, Stage.RAMPDOWN])
def test_dirty_rows_are_equal_in_every_stage(seeded, stage):
    company = seeded(80, dirty=0.6)
    migrate(company, workers=1, batch_rows=1_000, report=lambda _: None)
    to_stage(company, stage)
    done = replay(company)
    assert done.has_passed, list(ShadowMismatch.objects.values_list("group__field", "legacy_value", "new_value")[:5])
    # The rows, one that does not exist; the pages, the first row alone, and the page behind the end.
    assert (done.tallies[Endpoint.DETAIL].equal, done.tallies[Endpoint.DETAIL].rows) == (81, 80)
    assert (done.tallies[Endpoint.LIST].equal, done.tallies[Endpoint.LIST].rows) == (3, 81)
    assert {count.stage for count in ShadowCount.objects.all()} == {stage}


PLANTED = [field for field in LegacyQuote._meta.concrete_fields if field.column not in ("id", "company_id", "items")]


def other_value(field) -> str:
    """SQL of a value that is not the column's."""
    if isinstance(field, PlainNumericField):
        return f"coalesce({field.column}, 0) + 0.01"
    kind = field.get_internal_type()
    if kind == "UUIDField":
        return "gen_random_uuid()"
    if kind == "DateTimeField":
        return f"coalesce({field.column}, '2024-01-01Z') + interval '1 microsecond'"
    return f"coalesce({field.column}, '') || ' '"


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.LIVE])
@pytest.mark.parametrize("is_replayed", [True, False], ids=["replayed", "asked for"])
def test_a_difference_in_each_field_of_each_endpoint_is_found_and_named(writer, drift, compared, stage, is_replayed):
    company = migrated(writer, rows=len(PLANTED) + 3)
    rows = ids(company)
    expected = {}
    for field, id in zip(PLANTED, rows, strict=False):
        drift(f"UPDATE quotes SET {field.column} = {other_value(field)} WHERE id = %s", [id])
        expected[field.column] = str(id)
    drift("UPDATE quotes SET items = jsonb_set(items, '{0,unit_price}', '50.01') WHERE id = %s", [rows[-1]])
    drift("DELETE FROM quotes WHERE id = %s", [rows[-2]])
    drift("UPDATE quotes SET company_id = gen_random_uuid() WHERE id = %s", [rows[-3]])
    to_stage(company, stage)
    if is_replayed:
        assert not replay(company).has_passed
    else:
        CompanyStage.objects.filter(company=company).update(shadow_percent=100)
        call = caller(company)
        assert call("GET", "/api/quotes?limit=1000").status_code == 200
        for id in rows:
            call("GET", f"/api/quotes/{id}")
        compared()
    types = {(m.group.field, m.group.rule) for m in ShadowMismatch.objects.select_related("group")}
    assert {field for field, _ in types} == {*expected, "items[].unit_price", ""}
    assert {rule for _, rule in types} == {"value", "type", "extra"}
    for endpoint in BOTH:
        kept = ShadowMismatch.objects.filter(group__endpoint=endpoint, group__resolved_at=None)
        for column, id in expected.items():
            assert list(kept.filter(group__field=column).values_list("object", flat=True)) == [id], (endpoint, column)
        extra = kept.filter(group__rule="extra").order_by("object")
        assert [each.object for each in extra] == sorted([str(rows[-2]), str(rows[-3])]), endpoint
        item = kept.get(group__field="items[].unit_price")
        assert (item.legacy_value, item.new_value, item.stage) == ("50.01", "50", stage)


NEW_SIDE = {
    "UPDATE leads_new SET status = 'lost'": {("lead_status", "value")},
    "UPDATE quotes_new SET total = 7": {("total", "value")},
    "UPDATE quotes_new SET notes = 'x'": {("notes", "type")},
    "UPDATE quote_items_new SET quantity = 3": {("items[].quantity", "value")},
    "UPDATE customer_contacts SET email = 'X@mail.example'": {("email", "value")},
    "UPDATE customer_addresses SET address = '2 High Street'": {("address", "value")},
    "DELETE FROM migration_legacy_link": {("", "missing")},
    "UPDATE quotes_new SET created_at = created_at - interval '1 day'": {("created_at", "value")},
}


@pytest.mark.parametrize("statement", NEW_SIDE)
def test_a_difference_that_was_planted_in_a_new_table_is_found_and_named(company, drift, statement):
    drift(statement)
    assert not replay(company).has_passed
    assert found() == dict.fromkeys(NEW_SIDE[statement], BOTH)
    assert {group.seen for group in ShadowGroup.objects.filter(endpoint="detail")} == {8}


def test_an_order_that_differs_is_told_where_nothing_else_does(company, monkeypatch):
    from migration_ops.shadow import reads

    page = reads.legacy_page
    monkeypatch.setattr(
        reads,
        "legacy_page",
        lambda company, *, is_new, **asked: page(company, is_new=is_new, **asked)[:: -1 if is_new else 1],
    )
    assert not replay(company).has_passed
    assert found() == {("", "order"): {"list"}}
    assert ShadowMismatch.objects.get().object == "limit=1000&offset=0"


def test_a_row_that_is_set_aside_is_compared_too(company, writer, drift):
    insert(writer, company.pk, id_at(0.99), **UNREADABLE)
    writer.commit()
    migrate(company, workers=1, batch_rows=1_000, report=lambda _: None)
    assert replay(company).has_passed
    drift("UPDATE quotes SET notes = 'x' WHERE id = %s", [id_at(0.99)])
    assert not replay(company).has_passed
    assert found() == {("notes", "type"): BOTH}


def test_what_is_equal_again_is_resolved_and_what_comes_back_is_open(company, drift):
    drift("UPDATE quotes SET total = total + 1")
    replay(company)
    assert ShadowGroup.objects.filter(resolved_at=None).count() == 2
    assert Finding.objects.filter(kind="shadow_mismatch").count() == 2
    replay(company)
    assert Finding.objects.filter(kind="shadow_mismatch").count() == 2, "one for each difference that is open"
    drift("UPDATE quotes SET total = total - 1 WHERE id <> %s", [ids(company)[0]])
    replay(company)
    assert ShadowGroup.objects.filter(resolved_at=None).count() == 2, "one object differs still"
    assert ShadowMismatch.objects.filter(resolved_at=None).count() == 2
    drift("UPDATE quotes SET total = total - 1 WHERE id = %s", [ids(company)[0]])
    assert replay(company, sample=1).open == []
    assert validate(company).passed
    drift("UPDATE quotes SET total = total + 1")
    assert len(replay(company).open) == 2
    assert Finding.objects.filter(kind="shadow_mismatch", cleared_at=None).count() == 2


def test_objects_that_were_only_counted_are_resolved_by_a_whole_replay_only(company, drift, monkeypatch):
    monkeypatch.setattr(replays.conf, "SHADOW_OBJECTS_KEPT", 3)
    monkeypatch.setattr(replays.conf, "MISMATCHES_KEPT", 2)
    drift("UPDATE quotes SET total = total + 1")
    replay(company)
    # At the list the first row was seen twice: alone, and on its page.
    seen = {group.endpoint: (group.seen, group.not_kept) for group in ShadowGroup.objects.all()}
    assert seen == {"detail": (8, 6), "list": (9, 7)}
    assert ShadowMismatch.objects.count() == 4
    drift("UPDATE quotes SET total = total - 1")
    assert len(replay(company, sample=4).open) == 2
    assert replay(company).has_passed


def test_a_side_that_cannot_answer_is_named_row_by_row(company, drift):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE leads_new RENAME COLUMN notes TO notes_elsewhere")
    try:
        assert not replay(company).has_passed
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE leads_new RENAME COLUMN notes_elsewhere TO notes")
    assert found() == {("", "error"): BOTH}
    detail = ShadowGroup.objects.get(endpoint="detail")
    assert {each.object for each in detail.mismatches.all()} > {str(id) for id in ids(company)}
    assert detail.mismatches.first().new_value == "ProgrammingError 42703"
    assert replay(company).has_passed


def test_a_sample_reads_so_many_rows(writer, monkeypatch):
    company = migrated(writer, rows=40)
    monkeypatch.setattr(replays.conf, "REPLAY_ROWS", 7)
    for sample, expected in ((1, 1), (15, 15), (40, 40), (90, 40)):
        done = replay(company, sample=sample)
        assert (done.tallies[Endpoint.DETAIL].rows, done.is_complete) == (expected, False)
    assert replay(company).tallies[Endpoint.DETAIL].rows == 40


def test_memory_does_not_grow_with_the_company(company, monkeypatch):
    """However many rows: what a replay holds at a time is a piece, and what differs is kept and let go."""
    monkeypatch.setattr(replays.conf, "REPLAY_ROWS", 2)
    monkeypatch.setattr(replays, "LIST_ROWS", 2)
    sizes = []
    confirm = replays.confirm

    def noted(company, standing, read, budget):
        sizes.append(len(read.ids) or read.limit)
        return confirm(company, standing, read, budget)

    monkeypatch.setattr(replays, "confirm", noted)
    done = replay(company)
    assert max(sizes) == 2
    assert len(sizes) == 1 + 4 + 1 + 6
    assert all(not tally.differences for tally in done.tallies.values())


def test_one_side_alone_is_refused(writer, company):
    other = Company.objects.create(name="Off", slug="off-one")
    for stage in (Stage.OFF, Stage.COMPLETE):
        to_stage(other, stage)
        with pytest.raises(NothingToCompare, match=f"off-one \\({stage}\\)"):
            replay(other)
    to_stage(other, Stage.SHADOW)
    with pytest.raises(NothingToCompare, match="its backfill has not finished"):
        replay(other)
    assert not ShadowCount.objects.exists()


def test_the_command_and_the_status_tell_and_refuse(company, manage, drift):
    def last(done) -> dict:
        return json.loads(done.stdout.splitlines()[-1])

    done = manage("shadow_reads", "--company", "here", "--json")
    assert done.returncode == 0, done.stderr
    told = last(done)
    assert (told["passed"], told["complete"], told["groups"]) == (True, True, [])
    assert told["endpoints"][1] == {
        "name": "GET /api/quotes/{id}", "equal": 9, "rows": 8, "mismatched": 0, "noise": 0, "late": 0, "dropped": 0,
    }  # fmt: skip
    drift("UPDATE quotes SET email = 'secret@mail.example' WHERE id = %s", [ids(company)[3]])
    done = manage("shadow_reads", "--company", "here", "--json")
    assert done.returncode == 3
    assert "secret@" not in done.stdout + done.stderr, "values are for those who may see them"
    assert last(done)["groups"][1]["object"] == str(ids(company)[3])
    status = manage("migration_status", "--company", "here", "--json")
    assert "DIFFERS  GET /api/quotes email: another value, 1 times" in status.stdout
    assert [group["field"] for group in last(status)["shadow_reads"]["groups"]] == ["email", "email"]
    for wrong in (("--sample", "0"), ("--percent", "101"), ("--percent", "5", "--sample", "5")):
        refused = manage("shadow_reads", "--company", "here", *wrong)
        assert (refused.returncode, "Traceback" in refused.stderr) == (2, False), wrong
    assert manage("shadow_reads", "--company", "nobody").returncode == 2
    to_stage(company, Stage.SHADOW)
    assert manage("shadow_reads", "--company", "here", "--percent", "25").returncode == 0
    assert standing_of(company).percent == 25
    assert AuditLine.objects.get(action="shadow_percent").detail == {"percent": 25}


def test_writers_at_work_are_no_mismatch(company, writer, session):
    """Changes that wait while it reads: none is counted as a mismatch, and what is compared is compared."""
    for id in ids(company)[:3]:
        update(writer, id, total=4711)
    insert(writer, company.pk, id_at(0.97), customer_name="Late")
    writer.commit()
    done = replay(company)
    assert not done.open
    assert (done.tallies[Endpoint.DETAIL].mismatched, done.tallies[Endpoint.DETAIL].noise) == (0, 4)
    assert done.tallies[Endpoint.LIST].noise == 2

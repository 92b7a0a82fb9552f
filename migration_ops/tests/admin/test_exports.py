"""CSV exports: harmless to spreadsheets, limited to companies and in number, noted, and the same memory for any size."""

import csv
import io
import tracemalloc

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.tests.admin.rows import NOW, a_company, an_id, deals
from crm.tests.admin.test_pages import text
from migration_ops import audit, conf
from migration_ops.csv_cells import cell, lines
from migration_ops.models import AuditLine, DedupConflict, Mismatch, QuarantinedRow
from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER
from migration_ops.tests.admin.people import a_person
from migration_ops.tests.admin.rows import traces

MODELS = (Mismatch, QuarantinedRow, DedupConflict, AuditLine)


def export_url(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_export")


def table_of(response):
    assert response.status_code == 200, response
    body = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(body, newline="")))


class TestCells:
    """T32."""

    @pytest.mark.parametrize(
        "recorded",
        ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", '"=1"', "'=1", "-", "=",
         "\uff1d1", "-1,5", "+15125550123", "--1", "- 5"],
    )  # fmt: skip
    def test_what_a_spreadsheet_would_work_out_begins_with_an_apostrophe(self, recorded):
        assert cell(recorded).startswith("'")
        assert cell(recorded).replace("'", "") == recorded.replace("'", "")

    @pytest.mark.parametrize("recorded", ["-5", "-1200.50", "0.10", "12"])
    def test_numbers_stay_numbers(self, recorded):
        assert cell(recorded) == recorded

    @pytest.mark.parametrize("recorded", ["", "Ann = Bob", "a-b", "1+1", "Q-1", "x@y.example", "Dupont; Fils"])
    def test_other_texts_stay_as_they_are(self, recorded):
        assert cell(recorded) == recorded

    def test_no_cell_begins_after_another_separator(self):
        assert cell("a;=1+1") == "a;'=1+1"
        assert cell('a; "@x') == "a; \"'@x"
        assert cell("a\n-1+1") == "a\n'-1+1"

    def test_nothing_else_is_lost(self):
        recorded = ["a,b", 'a"b', "a\nb", "\u202eabc", None, True, 5, {"k": "=1"}, "x\x00y"]
        (_, row) = csv.reader(io.StringIO("".join(lines(["h"] * 9, [recorded])), newline=""))
        assert row == ["a,b", 'a"b', "a\nb", "\u202eabc", "", "yes", "5", '{"k": "=1"}', "xy"]


@pytest.fixture
def two(db):
    companies = [a_company(0), a_company(1)]
    for company in companies:
        traces(company, deals(company, 2))
    return companies


@pytest.mark.django_db
class TestExport:
    @pytest.mark.parametrize("model", MODELS)
    def test_own_rows_and_no_others(self, client, two, model):
        own, _ = two
        client.force_login(a_person("ann", ADMINISTRATOR, companies=[own]))

        for company in two:
            audit.record(actor="=x", action="stage", company=company.pk, detail={})
        found = table_of(client.post(export_url(model)))
        assert {row["company_id"] for row in found} == {str(own.pk)}
        count = model._default_manager.filter(
            **{{Mismatch: "verdict__company", AuditLine: "company_id"}.get(model, "company"): own.pk}
        ).count()
        assert len(found) == count > 0
        assert all(not value.startswith(("=", "+", "@")) for row in found for value in row.values())

    def test_the_filters_of_the_list_hold(self, client, two):
        client.force_login(a_person("sue", SUPPORT))
        url = f"{export_url(QuarantinedRow)}?company={two[0].pk}"
        assert {row["company_id"] for row in table_of(client.post(url))} == {str(two[0].pk)}
        assert table_of(client.post(f"{export_url(QuarantinedRow)}?company={two[0].pk}&state=waived")) == []
        foreign = f"{export_url(QuarantinedRow)}?company={two[1].pk}"
        client.force_login(a_person("sam", SUPPORT, companies=[two[0]]))
        assert table_of(client.post(foreign)) == []

    def test_it_is_noted_before_a_row_leaves_and_every_row_says_whose_it_is(self, client, two):
        client.force_login(a_person("sue", SUPPORT, companies=[two[0]]))
        answer = client.post(export_url(QuarantinedRow))
        line = AuditLine.objects.latest("id")
        assert (line.actor, line.action, line.detail["what"]) == ("sue", "export", "quarantinedrow")
        assert line.detail["companies"] == [str(two[0].pk)]
        marks = {row["exported"] for row in table_of(answer)}
        assert len(marks) == 1
        assert line.detail["mark"] in marks.pop()

    def test_so_many_an_hour_and_no_more(self, client, two, monkeypatch):
        """T41."""
        monkeypatch.setattr(conf, "EXPORTS_PER_HOUR", 3)
        client.force_login(a_person("sue", SUPPORT))
        for _ in range(3):
            table_of(client.post(export_url(QuarantinedRow)))
        refused = client.post(export_url(Mismatch), follow=True)
        assert "which is the limit" in text(refused)
        assert AuditLine.objects.filter(action="export").count() == 3
        client.force_login(a_person("bob", SUPPORT))
        assert table_of(client.post(export_url(QuarantinedRow)))

    @pytest.mark.parametrize(("role", "models"), [(VIEWER, ()), (SUPPORT, MODELS[:3]), (ENGINEER, MODELS)])
    def test_who_may(self, client, two, role, models):
        client.force_login(a_person("eve", role))
        for model in MODELS:
            before = AuditLine.objects.count()
            assert client.post(export_url(model)).status_code == (200 if model in models else 403)
            assert client.get(export_url(model)).status_code == (405 if model in models else 403)
            assert AuditLine.objects.count() == before + (model in models)
        listed = text(client.get(reverse("admin:migration_ops_quarantinedrow_changelist")))
        assert ('id="export"' in listed) == bool(models)

    @pytest.mark.parametrize("query", ["p=x", "o=x", "company=x", "contact_a__name=x", "state=%00", "x%00=1"])
    def test_a_query_that_makes_no_sense_is_answered_as_the_list_answers_it(self, client, two, query):
        client.force_login(a_person("sue", SUPPORT))
        listed = client.get(f"{reverse('admin:migration_ops_dedupconflict_changelist')}?{query}")
        answer = client.post(f"{export_url(DedupConflict)}?{query}")
        assert answer.status_code == listed.status_code
        if answer.status_code == 200:
            assert len(table_of(answer)) == listed.context_data["cl"].queryset.count()

    def test_any_size_takes_the_same_memory_and_statements(self, client, two):
        def more(company, rows, first):
            QuarantinedRow.objects.bulk_create(
                QuarantinedRow(
                    legacy_id=an_id(f"bulk {number}"), company=company, reason="number_nan", field="total",
                    original="NaN", source={"notes": "x" * 500}, mapping_version=1, first_seen_at=NOW, last_seen_at=NOW,
                )
                for number in range(first, first + rows)
            )  # fmt: skip

        def taken():
            tracemalloc.start()
            with CaptureQueriesContext(connection) as captured:
                answer = client.post(export_url(QuarantinedRow))
                rows = sum(chunk.count(b"\r\n") for chunk in answer.streaming_content)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return rows, len(captured), peak

        client.force_login(a_person("sue", SUPPORT))
        more(two[0], 2_000, 0)
        taken()
        few, statements, small = taken()
        more(two[0], 8_000, 2_000)
        many, again, large = taken()
        assert many == few + 8_000
        assert again == statements
        assert large < 2 * small

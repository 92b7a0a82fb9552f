"""A long queue: the same statements as a short one, each along an index, whatever the filters."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import Company
from migration_ops.sql.loader import block

pytestmark = pytest.mark.django_db
LIST = reverse("admin:migration_ops_dedupcase_changelist")
NEXT = reverse("admin:migration_ops_dedupcase_next")
CASES = 20_000
FILL = """
INSERT INTO migration_dedup_case (id, company_id, customers, words, reason, score, questions, records, money, stake, state,
                                  claimed_by, decided_by, decided_words, outcome, created_at)
SELECT gen_random_uuid(), (SELECT array_agg(id ORDER BY name) FROM companies)[1 + n %% 10], '{}', 'case ' || n,
       (ARRAY['probable', 'one_kind', 'not_personal', 'names_unlike'])[1 + n %% 4], 0.9, 1, n, n, n,
       CASE WHEN n %% 20 = 0 THEN 'decided' ELSE 'open' END, '', '', '', '{}', now() - n * interval '1 minute'
  FROM generate_series(1, %s) AS n
"""


@pytest.fixture
def queue():
    companies = [Company.objects.create(name=f"Company {number}", slug=f"c{number}") for number in range(10)]
    with connection.cursor() as cursor:
        cursor.execute(FILL, [CASES])
        cursor.execute("ANALYZE migration_dedup_case")
    return companies


def asked(client, url, *, posts=False):
    """The statements of one request."""
    with CaptureQueriesContext(connection) as captured:
        answer = (client.post if posts else client.get)(url)
    assert answer.status_code in (200, 302)
    return [each["sql"] for each in captured]


@pytest.mark.parametrize("filters", ["", "company", "reason", "age", "company reason age"])
def test_the_page_follows_an_index_whatever_the_filters(admin_client, queue, filters):
    values = {"company": str(queue[3].pk), "reason": "probable", "age": "week"}
    url = LIST + "?" + "&".join(f"{name}={values[name]}" for name in filters.split())
    (page,) = [each for each in asked(admin_client, url) if 'ORDER BY "migration_dedup_case"."stake" DESC' in each]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on migration_dedup_case" not in plan, plan
    assert "migration_dedup_case_" in plan, plan


def test_the_next_case_follows_an_index(admin_client, queue):
    (claimed,) = [each for each in asked(admin_client, NEXT, posts=True) if "SKIP LOCKED" in each]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {claimed}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on migration_dedup_case" not in plan, plan
    assert "Sort" not in plan, plan


def test_the_number_of_statements_does_not_grow(admin_client, queue, django_assert_num_queries):
    many = len(asked(admin_client, LIST))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM migration_dedup_case WHERE records > 30")
    with django_assert_num_queries(many):
        admin_client.get(LIST)


def test_cases_without_a_question_are_found_in_one_reading_of_the_questions(queue):
    # Not one for each case, whatever the planner knows of a table that was filled a moment ago.
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + block("duplicates/cases.sql", "close").sql, {"company": queue[3].pk})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "hashed SubPlan" in plan, plan
    assert "Anti Join" not in plan, plan

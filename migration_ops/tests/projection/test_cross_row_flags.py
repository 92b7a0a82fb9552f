"""The flags at the end of a run cost what the rows cost, whatever the planner knows of them."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from migration_ops.sql.loader import blocks
from migration_ops.tests.dirty.case import base_row
from migration_ops.tests.moving import company_of, insert

FILE = "projection/cross_row_flags.sql"
# What a loop may repeat for each row: it reads the row's own value, or goes down an index.
CHEAP = {"Function Scan", "Values Scan", "Memoize", "Result", "Subquery Scan", "Index Scan", "Index Only Scan"}


def repeated(plan: dict[str, Any]) -> Iterator[str]:
    """What the plan's nested loops repeat for each of their outer rows."""
    children = plan.get("Plans", [])
    if plan["Node Type"] == "Nested Loop":
        inner = children[1]
        # A bitmap of one id is a look-up too: the planner takes either.
        is_look_up = inner["Node Type"] == "Bitmap Heap Scan" and inner["Recheck Cond"].startswith("(id = ")
        yield "Index Scan" if is_look_up else inner["Node Type"]
    for child in children:
        yield from repeated(child)


@pytest.mark.django_db
@pytest.mark.parametrize("is_analyzed", [True, False])
def test_no_step_is_repeated_for_each_row_of_another(is_analyzed):
    """A company the planner has no figures of looks to it like a handful of rows."""
    company, other = company_of(UUID(int=2**100)), company_of(UUID(int=2**99))
    insert(base_row("deal", number, UUID(int=2**101 + number), other.pk) for number in range(300))
    with connection.cursor() as cursor:
        if is_analyzed:
            cursor.execute("ANALYZE quotes")
        insert(base_row("deal", number, UUID(int=2**102 + number), company.pk) for number in range(300))
        for name, statement in blocks(FILE).items():
            if name != "cross_row_flags":
                cursor.execute(statement.sql)
                continue
            cursor.execute("EXPLAIN (FORMAT JSON) " + statement.sql, {"company": company.pk})
            (found,) = cursor.fetchone()
        (explained,) = json.loads(found) if isinstance(found, str) else found
        assert set(repeated(explained["Plan"])) <= CHEAP
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone()[0] == "on"

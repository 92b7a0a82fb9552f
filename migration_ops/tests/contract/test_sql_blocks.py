"""PostgreSQL accepts every named block, with the parameters its callers give it."""

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.db import connection, transaction

from migration_ops.sql.loader import FOLDER, blocks

FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.sql") if path.parent.name != "ddl")
BLOCKS = [(file, name) for file in FILES for name in blocks(file)]
PARAMETER = re.compile(r"%\((\w+)\)s")
# What cannot be explained is run, in a transaction that is rolled back.
UTILITY = re.compile(r"\s*(?:--[^\n]*\n\s*)*(CREATE|ANALYZE|TRUNCATE|DROP|LOCK|SET)\b", re.I)
ONE, TWO, NOW = UUID(int=1), UUID(int=2), datetime(2024, 3, 1, tzinfo=UTC)
SAMPLES: dict[str, object] = {
    "company": ONE, "low": UUID(int=0), "high": UUID(int=2**128 - 1), "ids": [ONE], "id": ONE, "a": ONE, "b": TWO,
    "customer": ONE, "customers": [ONE], "after": ONE, "row_ids": [ONE], "wanted": ["k"], "contact": ONE, "comma_groups": True, "is_shared": False,
    "batch": 1, "run": 1, "generation": 1, "standstill": "5000ms", "mapping_version": 1, "batch_rows": 10, "chunk_rows": 10, "most": 10, "parts": 2, "part": 0,
    "key_group_limit": 50, "buckets": 64, "bucket": 1, "score": 0.5, "first_at": NOW, "last_at": NOW, "since": NOW,
    "actor": "test", "message": "m", "name": "n", "email": "e", "phone": "p", "name_key": "n", "email_key": "e", "phone_key": "p",
    "kind": "rows", "kinds": ["rows"], "reason": "r", "evidence": "[]", "source": "s", "blanks": " ",
    "equal": 1, "rows": 1, "mismatched": 0, "noise": 0, "late": 0, "dropped": 0, "before_text": "1", "after_text": "2",
    "window_rows": 10, "entries": [1], "entry": 1, "is_counted": True, "attempts": 5, "backoff": 1.0, "backoff_most": 300.0, "seconds": 0.5,
    "before_stage": "shadow", "after_stage": "live", "before_row": "{}", "after_row": "{}",
    "names": ["n"], "emails": ["e"], "phones": ["p"], "firsts": [NOW], "lasts": [NOW], "extra_keys": ["k"], "flags": ["f"], "address": ONE, "offset": 0, "reach": 10, "digests": ["d"], "reasons": ["r"],
    "old": [ONE], "new": [TWO], "lasting": [ONE], "until": NOW, "questions": [1],
    "engine_version": "1", "keys": [1], "values": [1], "but": ONE, "seen": [ONE], "stalled_s": 15, "words": "w", "stage": "off", "condition": "stuck",
    "runs": [1], "hours": 24,
    "mailboxes": ["m"], "addresses": ["a"], "counterfactual": "c", "fingerprint": "f",
    "pattern": "p", "least": 3, "value": "v", "counted": b"", "tables": ["leads_new"], "references": ["r"],
}  # fmt: skip


@pytest.fixture
def work_tables(db):
    """The temporary tables blocks read; made in the order of their files, for they depend on nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        for file, name in BLOCKS:
            statement = blocks(file)[name].sql
            if "CREATE TEMPORARY TABLE" in statement:
                cursor.execute(statement, {parameter: SAMPLES[parameter] for parameter in PARAMETER.findall(statement)})
        yield cursor
        transaction.set_rollback(True)


def test_there_are_blocks():
    assert len(BLOCKS) > 100


def test_every_parameter_has_a_sample():
    wanted = {parameter for file, name in BLOCKS for parameter in PARAMETER.findall(blocks(file)[name].sql)}
    assert wanted <= set(SAMPLES)


@pytest.mark.parametrize(("file", "name"), BLOCKS)
def test_postgresql_accepts_the_block(file, name, work_tables):
    statement = blocks(file)[name].sql
    params = {parameter: SAMPLES[parameter] for parameter in PARAMETER.findall(statement)}
    prefix = "" if UTILITY.match(statement) else "EXPLAIN "
    work_tables.execute(prefix + statement, params)

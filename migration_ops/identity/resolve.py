"""From staged contacts to clusters: which contacts of a company are the same customer."""

import json
from array import array
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection

from crm.models import Company
from migration_ops import conf
from migration_ops.identity.clusters import Contact, Decision, decide
from migration_ops.identity.duplicates.decisions import rulings_of
from migration_ops.sql.loader import block

CHUNK = 10_000


def find_components(company: Company) -> None:
    """Find the company's staged contacts that hang together by a key, inside the caller's transaction.

    Takes one integer for each contact. SQL settles the components that all bear one name; all others are put aside
    for `decide_clusters`.
    """
    params: dict[str, Any] = {"company": company.pk, "key_group_limit": conf.KEY_GROUP_LIMIT}
    with connection.cursor() as cursor:
        cursor.execute(block("queries/plan.sql", "quick_figures").sql)
        for name in ("work_tables", "number", "keys", "generic"):
            cursor.execute(block("identity/clusters.sql", name).sql, params)
        cursor.execute("SELECT count(*) FROM batch_number")
        contacts = cursor.fetchone()[0]
        cursor.execute("ANALYZE batch_key; ANALYZE batch_number; ANALYZE batch_generic")
    roots = _components(contacts, _stream("identity_edges", block("identity/clusters.sql", "edges").sql, {}))
    _copy(
        "COPY batch_component (number, root) FROM STDIN",
        ((number, root) for number, root in enumerate(roots) if root >= 0),
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE batch_component; ANALYZE migration_staged_contact")
        for name in ("simple", "cluster_simple", "doubts"):
            cursor.execute(block("identity/clusters.sql", name).sql, params)
        cursor.execute("ANALYZE migration_staged_cluster, migration_staged_address, migration_staged_doubt")


def _components(contacts: int, edges: Iterable[tuple[int, int]]) -> "array[int]":
    """The lowest contact number of each contact's component; -1 for a contact that shares no key."""
    parent = array("i", range(contacts))
    shared = bytearray(contacts)

    def root_of(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for one, other in edges:
        shared[one] = shared[other] = 1
        a, b = root_of(one), root_of(other)
        if a != b:
            parent[max(a, b)] = min(a, b)
    for number in range(contacts):
        parent[number] = root_of(number) if shared[number] else -1
    return parent


def decide_clusters(company: Company, *, parts: int, part: int) -> None:
    """Decide one part of the doubtful components by the rules in clusters.py, one of them in memory at a time."""
    params = {"company": company.pk, "parts": parts, "part": part}
    rulings = rulings_of(company)
    rows = _stream("identity_doubtful", block("identity/clusters.sql", "doubtful").sql, params)
    clusters: list[tuple[Any, ...]] = []
    findings: list[tuple[Any, ...]] = []
    for _, members in groupby(rows, key=itemgetter(0)):
        decision = decide(
            [
                Contact(
                    id=id, name_key=rulings.name(name), email_key=email, phone_key=phone, extra_keys=tuple(extra),
                    email_is_role=is_role, address_keys=rulings.addresses(addresses), first_at=first_at,
                )
                for _, id, name, email, phone, extra, is_role, addresses, first_at in members
            ]
        )  # fmt: skip
        clusters += ((id, company.pk, cluster[0]) for cluster in decision.clusters for id in cluster[1:])
        findings += _findings(company, decision)
        if len(clusters) + len(findings) > CHUNK:
            _write(clusters, findings)
    _write(clusters, findings)


def _findings(company: Company, decision: Decision) -> Iterator[tuple[Any, ...]]:
    for conflict in decision.conflicts:
        a, b = sorted((conflict.contact_a, conflict.contact_b))
        yield company.pk, "conflict", a, b, conflict.reason, conflict.score, json.dumps(list(conflict.evidence))
    for relation in decision.relations:
        yield company.pk, relation.kind, relation.contact_a, relation.contact_b, "", 0.0, "[]"


def _write(clusters: list[tuple[Any, ...]], findings: list[tuple[Any, ...]]) -> None:
    """Write and empty both lists. The stream that feeds them goes on: its cursor is held by the server."""
    _copy("COPY migration_staged_cluster (contact_id, company_id, first_contact_id) FROM STDIN", clusters)
    _copy(
        "COPY migration_staged_finding"
        " (company_id, kind, contact_a_id, contact_b_id, reason, score, evidence) FROM STDIN",
        findings,
    )
    clusters.clear()
    findings.clear()


def _stream(name: str, statement: Any, params: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Rows of a server-side cursor, a chunk in memory at a time."""
    with connection.connection.cursor(name=name) as cursor:
        cursor.itersize = CHUNK
        cursor.execute(statement, params)
        while chunk := cursor.fetchmany(CHUNK):
            yield from chunk


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)

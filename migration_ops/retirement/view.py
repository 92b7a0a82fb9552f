"""A certificate as its page shows it."""

import json
from dataclasses import dataclass
from typing import Any

from migration_ops.models import Certificate
from migration_ops.retirement import certificate as certificates

WORDS = {
    "stage": "The company is complete", "schema": "The legacy table is as the mapping expects it",
    "capture": "Every change of both sides is recorded", "backfill": "Every row was copied",
    "quarantine": "No row waits for a person", "changes": "Every captured change was applied",
    "backup": "A backup was restored and compared", "conservation": "Every legacy row is migrated or set aside",
    "validation": "Both sides were compared at every depth", "shadow_reads": "Answers of both sides were compared",
    "rollback_drill": "The way back was rehearsed", "findings": "Nothing was found since",
    "audit_log": "The audit log is whole",
}  # fmt: skip
TABLES = {
    "quotes": "Legacy rows", "customers_new": "Customers", "customer_contacts": "Contacts",
    "customer_addresses": "Addresses", "leads_new": "Leads", "quotes_new": "Quotes", "quote_items_new": "Line items",
    "jobs_new": "Jobs", "invoices_new": "Invoices", "payments": "Payments", "migration_legacy_link": "Links",
    "migration_quarantined_row": "Rows set aside",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Line:
    """One table: what it is called, its rows, its sums in words, its checksum."""

    words: str
    table: str
    rows: int
    sums: list[tuple[str, str]]
    checksum: str


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One proof: its meaning, and its evidence as (what, value); as a table where it has several of a kind."""

    words: str
    facts: list[tuple[str, str]]
    head: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, kw_only=True)
class Page:
    """Everything on the page; `document` is the signed JSON."""

    certificate: Certificate
    document: dict[str, Any]
    wrong: list[str]
    superseded_by: str
    lines: list[Line]
    proofs: list[Shown]


def certificate_page(certificate: Certificate) -> Page:
    """The page of a certificate, checked as `certificate --verify` checks it."""
    document = json.loads(certificate.document)
    checked = certificates.check(certificate)
    return Page(
        certificate=certificate, document=document, wrong=checked.wrong, superseded_by=checked.superseded_by,
        lines=[
            Line(
                words=TABLES.get(table, table), table=table, rows=document["tables"][table]["rows"],
                sums=[
                    (name.replace("_", " "), total or "0") for name, total in document["tables"][table]["sums"].items()
                ],
                checksum=document["tables"][table]["checksum"],
            )
            for table in TABLES if table in document["tables"]
        ],
        proofs=[
            _shown(WORDS.get(proof["name"], proof["name"]), proof["evidence"]) for proof in document["proofs"]
        ],
    )  # fmt: skip


def _shown(words: str, evidence: dict[str, Any]) -> Shown:
    parts = list(evidence.values())
    if len(parts) < 2 or not all(isinstance(part, dict) for part in parts) or len({tuple(part) for part in parts}) != 1:
        return Shown(words=words, facts=_facts(evidence), head=[], rows=[])
    rows = [[name, *(_said(value) for value in part.values())] for name, part in evidence.items()]
    return Shown(words=words, facts=[], head=["", *(name.replace("_", " ") for name in parts[0])], rows=rows)


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _facts(evidence: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Evidence in lines: nested objects by their path, lists as they are."""
    facts: list[tuple[str, str]] = []
    for name, value in evidence.items():
        words = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, dict):
            facts += _facts(value, f"{words}: ")
        elif value not in (None, "", []):
            facts.append((words, _said(value)))
    return facts

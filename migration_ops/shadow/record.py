"""Keeps what comparing came to: counts by company and day, mismatches in groups, a finding for each new group."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction

from crm.models import Company
from migration_ops import conf
from migration_ops.cutover import findings
from migration_ops.models import Finding
from migration_ops.models.shadow import Endpoint, Rule
from migration_ops.selectors.standing import Standing
from migration_ops.shadow.compare import SQL, Tally
from migration_ops.shadow.differences import Difference
from migration_ops.sql.loader import block


def basis_of(company: Company) -> str:
    """What comparisons of the company rest on; to be asked before the reads that are compared."""
    return str(_run("basis", {"company": company.pk, "mapping_version": conf.MAPPING_VERSION}))


@transaction.atomic
def record(
    company: Company, standing: Standing, basis: str, tallies: Mapping[Endpoint, Tally], *, request_id: str
) -> None:
    """Add the counts, and keep the differences; what was found voids the company's evidence."""
    for endpoint in sorted(tallies):
        tally = tallies[endpoint]
        counts = {name: getattr(tally, name) for name in ("equal", "rows", "mismatched", "noise", "late", "dropped")}
        _run(
            "count",
            {"company": company.pk, "kind": endpoint, "source": standing.stage, "message": basis, **counts},
        )
        grouped: dict[tuple[str, Rule], list[Difference]] = defaultdict(list)
        for each in tally.differences:
            grouped[each.field, each.rule].append(each)
        # In one order everywhere: two that keep the same groups must not wait for each other.
        for field, rule in sorted(grouped):
            _keep(company, standing, endpoint, field, rule, grouped[field, rule], request_id)


def _keep(
    company: Company, standing: Standing, endpoint: Endpoint, field: str, rule: Rule, found: list[Difference],
    request_id: str,
) -> None:  # fmt: skip
    kept = sorted(found, key=lambda each: each.object)[: conf.SHADOW_OBJECTS_KEPT]
    group = _run(
        "group",
        {
            "company": company.pk, "kind": endpoint, "name": field, "reason": rule, "reach": len(found),
            "part": len(found) - len(kept),
        },
    )  # fmt: skip
    lost = 0
    for each in kept:
        values = {"before_text": each.legacy, "after_text": each.new}
        about = {"source": each.object, "kind": standing.stage, "message": request_id, "most": conf.MISMATCHES_KEPT}
        lost += _run("keep", {"entry": group, **values, **about}) is None
    if lost:
        _run("not_kept", {"entry": group, "part": lost})
    words = f"{endpoint.label}: {field or 'the answer'} ({rule.label.lower()})"
    known = Finding.objects.filter(
        company_id=company.pk, kind=Finding.Kind.SHADOW_MISMATCH, detail=words, cleared_at=None
    )
    if not known.exists():
        findings.record(company, Finding.Kind.SHADOW_MISMATCH, words)


def _run(name: str, params: Mapping[str, Any]) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(block(SQL, name).sql, params)
        found = cursor.fetchone() if cursor.description else None
        return found[0] if found else None

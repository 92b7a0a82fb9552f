"""Validates a company at the depths asked for, and keeps the verdicts."""

import time
from collections.abc import Sequence
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from crm.models import Company
from legacy.selectors import ensure_no_drift
from migration_ops import conf
from migration_ops.cutover import findings
from migration_ops.dual_write.capture import holes
from migration_ops.models import MigrationRun, Mismatch, Verdict
from migration_ops.validation import identities
from migration_ops.validation.business import validate_business
from migration_ops.validation.chunks import CHUNKED, Settle, check_chunk, plan
from migration_ops.validation.counts import validate_counts
from migration_ops.validation.moment import Moments
from migration_ops.validation.report import Check, Depth, DepthReport, Progress, Report, Tally, check, judge

ALL_DEPTHS = tuple(Depth)


def is_proven(company: Company) -> bool:
    """Whether every depth has passed since the company's last run, on this mapping version."""
    run = MigrationRun.objects.filter(company=company).first()
    latest = Verdict.objects.filter(company=company).order_by("depth", "-id").distinct("depth")
    passed = {
        verdict.depth
        for verdict in latest
        if verdict.has_passed
        and verdict.mapping_version == conf.MAPPING_VERSION
        and (run is None or run.finished_at is None or verdict.at >= run.finished_at)
    }
    return passed == set(Depth)


def validate(
    company: Company,
    depths: Sequence[Depth] = ALL_DEPTHS,
    progress: Progress | None = None,
    *,
    is_kept: bool = True,
    is_applying: bool = True,
) -> Report:
    """Validate one company, and store a verdict with its differences for each depth.

    Args:
        depths: in any order; each once.
        progress: told after each chunk; chunks are compared at all depths that need them in one go.
        is_kept: store verdicts that passed; one that failed is stored in any case.
        is_applying: captured changes that wait are applied, in moments made for it; without, only while somebody
            follows them, and what nobody applies is reported.
    Raises:
        LegacySchemaDrift: the legacy table has a column the mapping does not know, or lacks one.
    """
    ensure_no_drift()
    started = time.monotonic()
    found_before = findings.open_ids(company)
    open_holes = "; ".join(str(hole) for hole in holes())
    settle = Moments(company, is_applying=is_applying)
    wanted = [depth for depth in Depth if depth in depths]
    chunked = _chunked(company, [depth for depth in wanted if depth in CHUNKED], progress or (lambda *_: None), settle)
    reports = []
    for depth in wanted:
        common = (check("capture", depth, "", open_holes),)
        if depth in chunked:
            tally, checks = chunked[depth]
            reports.append(judge(depth, tally, (*common, *checks)))
        elif depth == Depth.COUNTS:
            reports.append(validate_counts(company, common, settle))
        else:
            reports.append(validate_business(company, common, settle))
    stored = tuple(store(company, report) if is_kept or not report.passed else report for report in reports)
    report = Report(
        company=str(company.pk), company_name=company.name, depths=stored, seconds=time.monotonic() - started
    )
    if report.passed and is_kept and len(wanted) == len(ALL_DEPTHS):
        findings.clear(found_before)  # what came up meanwhile was perhaps not seen, and stays
    return report


def _chunked(
    company: Company, depths: list[Depth], progress: Progress, settle: Settle
) -> dict[Depth, tuple[Tally, list[Check]]]:
    """The depths that compare chunk by chunk: what each saw, and its checks."""
    if not depths:
        return {}
    chunks = plan(company, chunk_rows=conf.VALIDATION_CHUNK_ROWS)
    tallies = {depth: Tally() for depth in depths}
    done = 0
    for chunk in chunks:
        for depth, tally in check_chunk(company, chunk, depths, settle=settle).items():
            tallies[depth].add(tally)
        done += 1
        progress(done, len(chunks), max(tally.rows_expected for tally in tallies.values()))
    checks = {depth: [check("chunks compared", depth, len(chunks), done)] for depth in depths}
    if Depth.FIELDS in depths:
        started = time.monotonic()
        checks[Depth.FIELDS] += identities.compare(company, tallies[Depth.FIELDS])
        tallies[Depth.FIELDS].seconds += time.monotonic() - started
    return {depth: (tallies[depth], checks[depth]) for depth in depths}


def store(company: Company, report: DepthReport) -> DepthReport:
    """Keep a verdict with its differences; the report with the verdict's id."""
    with transaction.atomic():
        verdict = Verdict.objects.create(
            company=company,
            depth=report.depth,
            has_passed=report.passed,
            checks=[
                {"name": each.name, "expected": each.expected, "found": each.found, "passed": each.passed}
                for each in report.checks
            ],
            rows_expected=report.rows_expected,
            rows_checked=report.rows_checked,
            missing=report.missing,
            extra=report.extra,
            mismatched=report.mismatched,
            mapping_version=conf.MAPPING_VERSION,
            seconds=report.seconds,
            at=timezone.now(),
        )
        Mismatch.objects.bulk_create(
            [
                Mismatch(
                    verdict=verdict, kind=each.kind, table=each.table, row_id=each.row_id, legacy_id=each.legacy_id,
                    column=each.column, expected=each.expected, found=each.found,
                )
                for each in report.differences
            ],
            batch_size=500,
        )  # fmt: skip
    return replace(report, verdict_id=verdict.pk)

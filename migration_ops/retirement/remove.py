"""Legacy rows out of the legacy table, and back in from their archive."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from crm.models import Company
from migration_ops import audit, conf
from migration_ops.backups.container import Sealed
from migration_ops.dual_write import fence
from migration_ops.exceptions import ArchiveRefused, RetirementRefused, RowsLeft
from migration_ops.models import Certificate, Retirement
from migration_ops.retirement import archive, certificate, proofs
from migration_ops.retirement.archive import Progress
from migration_ops.retirement.evidence import Proof
from migration_ops.retirement.figures import LEGACY, figures_of
from migration_ops.sql.loader import block
from migration_ops.stages import Stage
from migration_ops.validation.query import one_row, rows

SQL = "queries/retirement.sql"


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What would go, and the proofs that are there or missing."""

    rows: int
    first_id: str | None
    last_id: str | None
    created_from: Any
    updated_until: Any
    total: str | None
    set_aside: int
    statuses: dict[str, int]
    checksum: str
    proofs: list[Proof] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """What is missing, each with its remedy."""
        return [f"{proof.name}: {proof.missing}" for proof in self.proofs if not proof.passed]


@dataclass(frozen=True, kw_only=True)
class Removed:
    """How a removal or a return went."""

    retirement: Retirement
    sealed: Sealed
    rows: int
    proven: int = 0


def preview(company: Company, person: str) -> Preview:
    """What `retire` would remove, and what is missing; nothing is written."""
    held = one_row(SQL, "what_goes", {"company": company.pk})
    names = ("rows", "first_id", "last_id", "created_from", "updated_until", "total", "set_aside")
    figures: dict[str, Any] = dict(zip(names, held, strict=True))
    return Preview(
        **figures,
        statuses=dict(rows(SQL, "statuses", {"company": company.pk})),
        checksum=figures_of(company.pk, (LEGACY,))[LEGACY]["checksum"],
        proofs=proofs.collect(company, person, is_begun=begun(company) is not None),
    )


def begun(company: Company) -> Retirement | None:
    """A removal that has not come to its end."""
    return Retirement.objects.filter(company=company, state=Retirement.State.REMOVING).first()


def retire(company: Company, path: Path, *, person: str, reason: str, actor: str, progress: Progress) -> Removed:
    """Archive the company's legacy rows, prove the archive, and remove them; started again it goes on.

    Args:
        path: the archive; a new file, or the one of a removal that was broken off.
        person: who removes, as they are known here.
    Raises:
        RetirementRefused: a proof is missing, or somebody else is at it; every missing one is named.
        ArchiveRefused: the archive is damaged, of another company, or not what the legacy table holds.
        RowsLeft: rows are there that the archive does not hold; they stay.
        OperationalError: a row stayed locked; what was removed until then is gone, and starting again goes on.
    """
    last = Retirement.objects.filter(company=company).first()
    if last is not None and last.state == Retirement.State.REMOVED:
        told = f"they were removed already, by {last.actor} on {last.ended_at:%Y-%m-%d %H:%M} UTC, into {last.archive}"
        raise RetirementRefused(company=company.slug, missing=told)
    going = begun(company)
    _ensure_proven(company, person, is_begun=going is not None)
    signed = certificate.newest_of(company)
    assert signed is not None
    proven = 0
    if going is None:
        sealed = archive.open_archive(path, company) if path.exists() else archive.write(path, signed, progress)
        proven = archive.prove(sealed, company, progress)
        going = _begin(company, signed, sealed, person=person, reason=reason, actor=actor)
    else:
        sealed = archive.open_archive(path, company)
        if sealed.sha256 != going.archive_sha256:
            raise ArchiveRefused(
                file=path.name, why=f"it is not the archive this removal was begun with ({going.archive})"
            )
    done = 0
    for lines in archive.batches(sealed, conf.RETIRE_ROWS):
        _remove(company, going, signed, sealed, lines)
        done += len(lines)
        progress(done, going.rows)
    return Removed(retirement=_end(company, going, actor=actor), sealed=sealed, rows=going.rows, proven=proven)


def _ensure_proven(company: Company, person: str, *, is_begun: bool) -> None:
    found = proofs.collect(company, person, is_begun=is_begun)
    if missing := [f"{proof.name}: {proof.missing}" for proof in found if not proof.passed]:
        raise RetirementRefused(company=company.slug, missing="; ".join(missing))


@transaction.atomic
def _begin(
    company: Company, signed: Certificate, sealed: Sealed, *, person: str, reason: str, actor: str
) -> Retirement:
    _claim(company)
    if begun(company) is not None:
        raise RetirementRefused(company=company.slug, missing="somebody else began to remove them meanwhile")
    going = Retirement.objects.create(
        company=company, certificate=signed, state=Retirement.State.REMOVING, archive=str(sealed.path),
        archive_sha256=sealed.sha256, rows=sealed.manifest["rows"], actor=person, reason=reason, at=timezone.now(),
    )  # fmt: skip
    audit.record(
        actor=actor, action="retire_begin", company=company.pk,
        detail={"person": person, "reason": reason, "archive": str(sealed.path), "sha256": sealed.sha256,
                "rows": going.rows, "certificate": signed.sha256},
    )  # fmt: skip
    return going


@transaction.atomic
def _remove(company: Company, going: Retirement, signed: Certificate, sealed: Sealed, lines: list[bytes]) -> None:
    """One batch: those of its rows that are to the letter what the archive holds, and of this company."""
    fence.bound_waits(lock_ms=conf.LOCK_TIMEOUT_MS, statement_ms=conf.STATEMENT_TIMEOUT_MS)
    _claim(company)
    if fence.enter(company.pk) != Stage.COMPLETE:
        raise RetirementRefused(company=company.slug, missing="stage: the company is not complete any more")
    if not Retirement.objects.filter(pk=going.pk, state=Retirement.State.REMOVING).exists():
        raise RetirementRefused(company=company.slug, missing="this removal was ended by somebody else")
    if why := certificate.superseded_by(signed):
        raise RetirementRefused(company=company.slug, missing=f"certificate: superseded by {why}")
    with fence.mirrored(), connection.cursor() as cursor:
        _load(cursor, sealed, lines)
        cursor.execute(block(SQL, "remove").sql, {"company": company.pk})
        count = cursor.rowcount
    Retirement.objects.filter(pk=going.pk).update(removed=F("removed") + count)


@transaction.atomic
def _end(company: Company, going: Retirement, *, actor: str) -> Retirement:
    _claim(company)
    (left,) = one_row(SQL, "left", {"company": company.pk})
    if left:
        raise RowsLeft(company=company.slug, rows=left)
    Retirement.objects.filter(pk=going.pk).update(state=Retirement.State.REMOVED, ended_at=timezone.now())
    going.refresh_from_db()
    audit.record(
        actor=actor, action="retire", company=company.pk,
        detail={"person": going.actor, "rows": going.removed, "sha256": going.archive_sha256},
    )  # fmt: skip
    return going


@transaction.atomic
def restore(company: Company, path: Path, *, person: str, reason: str, actor: str) -> Removed:
    """Put archived rows back into the legacy table as they were, to the letter; all of them or none.

    Raises:
        ArchiveRefused: the archive is damaged, foreign, or not the one the rows were removed with.
        RetirementRefused: nothing was removed, or rows of these ids are in the way.
    """
    sealed = archive.open_archive(path, company)
    _claim(company)
    states = (Retirement.State.REMOVING, Retirement.State.REMOVED)
    last = Retirement.objects.filter(company=company).first()
    if last is None or last.state not in states:
        raise RetirementRefused(company=company.slug, missing="none of them was removed, so none is put back")
    if sealed.sha256 != last.archive_sha256:
        raise ArchiveRefused(file=path.name, why=f"it is not the archive they were removed with ({last.archive})")
    with fence.mirrored(), connection.cursor() as cursor:
        _load(cursor, sealed, (line for lines in archive.batches(sealed, archive.LINE_ROWS) for line in lines))
        if rows(SQL, "foreign_rows", {"company": company.pk})[0][0]:
            raise ArchiveRefused(file=path.name, why="it holds rows of another company")
        if found := rows(SQL, "in_the_way", {}):
            told = ", ".join(id for (id,) in found)
            raise RetirementRefused(company=company.slug, missing=f"other rows have their ids: {told}")
        cursor.execute(block(SQL, "put_back").sql)
        count = cursor.rowcount
        (left,) = one_row(SQL, "left", {"company": company.pk})
    if left != sealed.manifest["rows"]:
        raise RetirementRefused(
            company=company.slug,
            missing=f"{left:,} rows would be there, and the archive has {sealed.manifest['rows']:,}",
        )
    Retirement.objects.filter(pk=last.pk).update(state=Retirement.State.RESTORED, ended_at=timezone.now())
    last.refresh_from_db()
    audit.record(
        actor=actor, action="retire_restore", company=company.pk,
        detail={"person": person, "reason": reason, "rows": count, "sha256": sealed.sha256},
    )  # fmt: skip
    return Removed(retirement=last, sealed=sealed, rows=count)


def _claim(company: Company) -> None:
    if not fence.scalar(SQL, "claim", {"company": company.pk}):
        raise RetirementRefused(company=company.slug, missing="another process removes or puts them back just now")


def _load(cursor: Any, sealed: Sealed, lines: Any) -> None:
    cursor.execute(block(SQL, "work_table").sql)
    with cursor.copy(archive.copy_in("archived", sealed)) as into:
        for line in lines:
            into.write(line)

"""A damaged archive is refused before anything is touched (K1, K2, K12, X6)."""

import gzip
import stat

import pytest

from migration_ops.backups import clients, container
from migration_ops.backups.verify import ensure_fits
from migration_ops.exceptions import ArchiveRefused, BackupRefused
from migration_ops.models import Retirement
from migration_ops.retirement import archive
from migration_ops.tests.backups.conftest import scratch_databases
from migration_ops.tests.retirement.conftest import legacy_texts, put_back, remove

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sealed(signed, tmp_path):
    return archive.write(tmp_path / "here.archive", signed, lambda *_: None)


def lines_of(sealed) -> list[bytes]:
    return [line for lines in archive.batches(sealed, 3) for line in lines]


def resealed(sealed, lines: list[bytes], **changes) -> None:
    """The archive with other rows or another manifest, signed by us."""
    sealed.path.write_bytes(gzip.compress(b"".join(lines)))
    manifest = {key: value for key, value in sealed.manifest.items() if key not in ("format", "sha256", "dump_bytes")}
    container.seal(sealed.path, manifest | changes)


def cut_off(sealed):
    sealed.path.write_bytes(sealed.path.read_bytes()[:-20])


def cut_in_the_rows(sealed):
    content = sealed.path.read_bytes()
    sealed.path.write_bytes(content[: sealed.dump_bytes // 2] + content[sealed.dump_bytes :])


def flipped(sealed):
    content = bytearray(sealed.path.read_bytes())
    content[sealed.dump_bytes // 2] ^= 1
    sealed.path.write_bytes(content)


def other_manifest(sealed):
    content = sealed.path.read_bytes()
    sealed.path.write_bytes(content.replace(b'"rows":7', b'"rows":6'))


def other_company(sealed):
    resealed(sealed, lines_of(sealed), company="00000000-0000-0000-0000-000000000001")


def row_missing(sealed):
    resealed(sealed, lines_of(sealed)[:-1])


def row_missing_and_counted_so(sealed):
    resealed(sealed, lines_of(sealed)[:-1], rows=6)


def row_changed(sealed):
    lines = lines_of(sealed)
    resealed(sealed, [lines[0].replace(b"100.500", b"100.5"), *lines[1:]])


def row_twice(sealed):
    lines = lines_of(sealed)
    resealed(sealed, [*lines[:-1], lines[0]])


def row_that_is_none(sealed):
    resealed(sealed, [*lines_of(sealed)[:-1], b"no row\n"])


def not_packed(sealed):
    sealed.path.write_bytes(b"rows")
    container.seal(
        sealed.path,
        {key: value for key, value in sealed.manifest.items() if key not in ("format", "sha256", "dump_bytes")},
    )


def a_backup(sealed):
    resealed(sealed, lines_of(sealed), kind="something else")


def other_columns(sealed):
    resealed(sealed, lines_of(sealed), columns=sealed.manifest["columns"][1:])


DAMAGED = {
    cut_off: "its end is missing|it is no backup",
    cut_in_the_rows: "its dump has",
    flipped: "it is damaged",
    other_manifest: "its manifest was changed",
    other_company: "it is of another company",
    row_missing: "it holds 6 rows and its manifest says 7",
    row_missing_and_counted_so: "what was restored is not what its manifest says",
    row_changed: "what was restored is not what its manifest says",
    row_twice: "what was restored is not what its manifest says",
    row_that_is_none: "it cannot be restored",
    not_packed: "cannot be unpacked",
    a_backup: "it is no archive of legacy rows",
    other_columns: "other columns now",
}


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: damage.__name__)
def test_what_is_damaged_removes_nothing(company, sealed, damage):
    before = legacy_texts()
    damage(sealed)
    with pytest.raises(ArchiveRefused, match=DAMAGED[damage]):
        remove(company, sealed.path)
    assert legacy_texts() == before
    assert not Retirement.objects.exists()
    assert scratch_databases() == []


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: damage.__name__)
def test_what_is_damaged_puts_nothing_back(company, sealed, damage):
    remove(company, sealed.path)
    damage(sealed)
    with pytest.raises(ArchiveRefused):
        put_back(company, sealed.path)
    assert legacy_texts() == []


def test_a_row_that_is_missing_from_archive_and_manifest_alike_is_seen_in_the_live_table(company, sealed, neighbour):
    """The comparison with the live rows decides, whatever the archive says of itself."""
    lines = lines_of(sealed)[:-1]
    resealed(sealed, lines, rows=6)
    made = container.opened(sealed.path)
    with archive.scratch_database() as name, clients.session(name) as scratch:
        archive.plainly(scratch)
        archive.load(scratch, made)
        held = archive.of_table(scratch, archive.LEGACY, company.pk)
    resealed(sealed, lines, rows=6, checksum=held["checksum"], sums=held["sums"])
    with pytest.raises(ArchiveRefused, match="is not the one that was restored"):
        remove(company, sealed.path)
    assert not Retirement.objects.exists()


def test_only_its_owner_may_read_it_and_nobody_elses_file_is_replaced(company, sealed, signed):
    assert stat.S_IMODE(sealed.path.stat().st_mode) == 0o600
    with pytest.raises(ArchiveRefused, match="exists already"):
        archive.write(sealed.path, signed, lambda *_: None)
    with pytest.raises(ArchiveRefused, match="there is no folder"):
        archive.write(sealed.path.parent / "none" / "a", signed, lambda *_: None)


def test_verify_backup_refuses_an_archive(sealed):
    with pytest.raises(BackupRefused, match="an archive of legacy rows"):
        ensure_fits(container.opened(sealed.path), major=18, database={})

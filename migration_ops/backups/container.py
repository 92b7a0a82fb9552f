"""The file of a backup: a dump in pg_dump's custom format, followed by a signed manifest.

`pg_restore FILE` reads it as it is, for it looks at nothing behind the dump. The end of the file is a footer of fixed
length: how long the manifest is, its signature, our name. The manifest tells the length and the SHA-256 of the dump.
"""

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from migration_ops.exceptions import BackupRefused

FORMAT = 1
NAME = b"quotepro-backup\n"
FOOTER = re.compile(rb"\n(\d{12}) ([0-9a-f]{64}) quotepro-backup\n")
FOOTER_BYTES = 1 + 12 + 1 + 64 + 1 + len(NAME)
DUMP_BEGINS = b"PGDMP"
SALT = "migration_ops.backups"
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A backup file whose signature and SHA-256 hold."""

    path: Path
    sha256: str
    """Of the dump; with the signature it covers the whole file."""
    dump_bytes: int
    manifest: dict[str, Any]


def seal(path: Path, manifest: dict[str, Any]) -> Sealed:
    """Add the manifest to a file that holds a dump, and bring all of it to the disk."""
    sha256, size = digest(path)
    whole = manifest | {"format": FORMAT, "sha256": sha256, "dump_bytes": size}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":")).encode()
    with path.open("ab") as file:
        file.write(text + b"\n%012d %s %s" % (len(text), _signature(text, settings.SECRET_KEY).encode(), NAME))
        file.flush()
        os.fsync(file.fileno())
    return Sealed(path=path, sha256=sha256, dump_bytes=size, manifest=whole)


def opened(path: Path) -> Sealed:
    """Read and check a backup file: name, signature, format, length, SHA-256, in this order.

    Raises:
        BackupRefused: it is not there, not ours, cut off, changed, or of a newer format; one line says which.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            begins = file.read(len(DUMP_BEGINS))
            file.seek(max(0, size - FOOTER_BYTES))
            footer = FOOTER.fullmatch(file.read())
            length = int(footer[1]) if footer else 0
            dump_bytes = size - FOOTER_BYTES - length
            if footer is None or dump_bytes < 0:
                raise _refused(path, _why_not_ours(begins, size))
            file.seek(dump_bytes)
            text = file.read(length)
    except OSError as error:
        raise _refused(path, f"it cannot be read: {error.strerror}") from error
    if not _is_signed(text, str(footer[2], "ascii")):
        raise _refused(
            path, "its manifest was changed, or it was made with another SECRET_KEY"
        )  # fmt: skip
    manifest: dict[str, Any] = json.loads(text)
    if manifest["format"] > FORMAT:
        raise _refused(path, f"it has format {manifest['format']} and this version reads up to {FORMAT}: update first")
    if manifest["dump_bytes"] != dump_bytes:
        raise _refused(path, f"its dump has {dump_bytes:,} bytes and the manifest says {manifest['dump_bytes']:,}")
    found, _ = digest(path, dump_bytes)
    if found != manifest["sha256"]:
        raise _refused(
            path, f"it is damaged: its SHA-256 is {found[:16]}…, the manifest says {manifest['sha256'][:16]}…"
        )
    return Sealed(path=path, sha256=found, dump_bytes=dump_bytes, manifest=manifest)


def digest(path: Path, first_bytes: int | None = None) -> tuple[str, int]:
    """SHA-256 of a file or of its first bytes, and how many bytes that were."""
    sha256, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES if first_bytes is None else min(PIECE_BYTES, first_bytes - done)):
            sha256.update(piece)
            done += len(piece)
    return sha256.hexdigest(), done


def _refused(path: Path, why: str) -> BackupRefused:
    return BackupRefused(file=path.name, why=why)


def _why_not_ours(begins: bytes, size: int) -> str:
    if not size:
        return "it is empty"
    if begins == DUMP_BEGINS:
        return "its end is missing: it was cut off, or pg_dump made it and not `backup`"
    return "it is no backup made by `backup`"


def _signature(text: bytes, secret: str | bytes) -> str:
    return salted_hmac(SALT, text, secret=secret, algorithm="sha256").hexdigest()


def _is_signed(text: bytes, signature: str) -> bool:
    secrets: tuple[str | bytes, ...] = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_compare(_signature(text, secret), signature) for secret in secrets)

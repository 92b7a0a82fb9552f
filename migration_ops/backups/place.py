"""Where a file is written: under another name until it is whole, then there at once; never over somebody else's."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from migration_ops.exceptions import BackupRefused


def ensure_place(path: Path, *, replaces: bool) -> None:
    """Refuse what cannot be written before any work is done.

    Raises:
        BackupRefused: it exists and is not to be replaced, or its folder is not there or not ours.
    """
    if path.is_dir():
        raise BackupRefused(file=str(path), why="it is a folder; name a file in it")
    if not path.parent.is_dir():
        raise BackupRefused(file=str(path), why=f"there is no folder {path.parent}; make it first")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise BackupRefused(file=str(path), why=f"this user may not write in {path.parent}")
    if not replaces and os.path.lexists(path):
        raise BackupRefused(file=str(path), why="it exists already; give another name, or --force to replace it")


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """A file of ours beside the final one, gone again where it does not become it."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    made = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    os.close(made)
    try:
        yield part
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def publish(part: Path, path: Path, *, replaces: bool) -> None:
    """Give the whole file its name, and bring the name to the disk.

    Raises:
        BackupRefused: somebody made a file of this name meanwhile.
    """
    if replaces:
        part.replace(path)
    else:
        try:
            # Unlike a rename, a link fails where somebody made the file meanwhile.
            os.link(part, path)
        except FileExistsError:
            raise BackupRefused(file=str(path), why="somebody else made it meanwhile; it was not touched") from None
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""Where the embedded servers keep their files, and as whom they run.

PostgreSQL refuses to run as root, so root's servers run as the owner of the folder, or as ``nobody``. That user
must be able to enter the folder: a project below a folder it cannot enter keeps its servers in /var/lib instead.
"""

import fcntl
import hashlib
import os
import pwd
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quotepro.embedded.errors import EmbeddedError

# sun_path holds 108 bytes on Linux and 104 on macOS, the file name included.
SOCKET_PATH_BYTES = 100
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
LOCK_WAIT_S = 180
ENTER = stat.S_IXOTH


def enterable_by_others(folder: Path) -> bool:
    """True when a user without any rights of its own could enter the folder. A folder to come counts as enterable."""
    for part in (folder, *folder.parents):
        try:
            if not part.stat().st_mode & ENTER:
                return False
        except (FileNotFoundError, NotADirectoryError):
            continue
        except PermissionError:
            return False
    return True


@dataclass(frozen=True, kw_only=True)
class Places:
    """The files of the two embedded servers. Computing them touches nothing."""

    home: Path

    @classmethod
    def below(cls, wanted: Path) -> "Places":
        """The places in the wanted folder or, for root, where the server's user can enter."""
        wanted = wanted.absolute()
        if os.geteuid() == 0 and not enterable_by_others(wanted.parent):
            return cls(home=Path("/var/lib/quotepro") / _short_hash(wanted))
        return cls(home=wanted)

    @property
    def sockets(self) -> Path:
        """The folder of both sockets: in the home, or a short one where that path is too long for a socket."""
        folder = self.home / "run"
        if len(os.fsencode(folder / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_BYTES:
            return folder
        # Not the TMPDIR of one process: all of them must compute the same folder.
        return Path("/tmp") / f"quotepro-{_short_hash(self.home)}"

    @property
    def postgres(self) -> Path:
        """Data folder of PostgreSQL."""
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        """Data folder of Valkey."""
        return self.home / "valkey"

    @property
    def binaries(self) -> Path:
        """Copies of binaries that the servers' user cannot reach where pip put them."""
        return self.home / "binaries"

    def postgres_url(self, database: str = "quotepro") -> str:
        """The URL of a database of the embedded server, whether it runs or not."""
        return f"postgres://quotepro@/{database}?host={self.sockets}"

    def valkey_url(self) -> str:
        """The URL of the embedded Valkey, whether it runs or not."""
        return f"unix://{self.sockets}/valkey.sock?db=0"

    def owner(self) -> pwd.struct_passwd:
        """Whom the servers run as: the caller or, for root, the owner of the home folder, else nobody."""
        if os.geteuid() != 0:
            return _account(os.geteuid())
        try:
            uid = self.home.stat().st_uid
        except (FileNotFoundError, NotADirectoryError):
            uid = 0
        if uid:
            return _account(uid)
        try:
            return pwd.getpwnam("nobody")
        except KeyError:
            raise EmbeddedError(
                "There is no user nobody to run the embedded servers as; start as another user than root."
            ) from None

    def prepare(self) -> None:
        """Creates the folders. Raises EmbeddedError when they cannot be written or belong to somebody else."""
        owner = self.owner()
        try:
            for folder in (*reversed(self.home.parents), self.home):
                if not folder.exists():
                    folder.mkdir(exist_ok=True)
                    folder.chmod(0o755)  # whatever the umask says: the servers' user must come through
            self._give(self.home, owner)
            for folder in (self.sockets, self.valkey):
                folder.mkdir(mode=0o700, exist_ok=True)
                self._give(folder, owner)
        except OSError as error:
            raise EmbeddedError(
                f"The embedded servers cannot use {self.home} ({error.strerror}: {error.filename}); "
                "set DATABASE_URL and REDIS_URL, or QUOTEPRO_DIR to a folder you can write."
            ) from error

    def _give(self, path: Path, owner: pwd.struct_passwd) -> None:
        found = path.lstat()
        if found.st_uid == 0 and os.geteuid() == 0:
            os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
        # A folder in /tmp may have been made by anybody, to read what goes through our sockets.
        elif found.st_uid != owner.pw_uid or not stat.S_ISDIR(found.st_mode):
            raise EmbeddedError(
                f"{path} belongs to {_account(found.st_uid).pw_name}, not to {owner.pw_name}; work as that user, "
                "or set QUOTEPRO_DIR to a folder of your own."
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the lock of these places: one process at a time starts or stops a server.

        Raises:
            EmbeddedError: another process held it for three minutes, or the folder cannot be used.
        """
        self.prepare()
        owner = self.owner()
        handle = os.open(self.home / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if os.geteuid() == 0:
                os.fchown(handle, owner.pw_uid, owner.pw_gid)
            deadline = time.monotonic() + LOCK_WAIT_S
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise EmbeddedError(
                            f"Another process has held {self.home / '.lock'} for {LOCK_WAIT_S} s; find and end it."
                        ) from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(handle)

    def as_owner(self) -> dict[str, Any]:
        """Arguments of ``subprocess`` that run a program as the owner, from a folder the owner can be in."""
        arguments: dict[str, Any] = {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}}
        if os.geteuid() == 0:
            owner = self.owner()
            arguments |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        return arguments

    def write(self, path: Path, content: str) -> None:
        """Writes a small file for the owner, never through a link planted in its place."""
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            if os.geteuid() == 0:
                owner = self.owner()
                os.fchown(handle, owner.pw_uid, owner.pw_gid)

    def write_if_absent(self, path: Path) -> None:
        """Creates an empty file of the owner unless it is there."""
        if not path.exists():
            self.write(path, "")


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _account(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        # A container may run as a uid that has no account.
        return pwd.struct_passwd((str(uid), "x", uid, os.getegid(), "", "/", "/bin/sh"))

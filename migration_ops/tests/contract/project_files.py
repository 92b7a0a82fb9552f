"""The files of the project, whether it came with git or as an archive."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def project_files() -> list[Path]:
    """The project's files, relative to its folder: what git tracks or would track, else all but what it ignores."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0 and listed.stdout:
        names = {Path(name) for name in listed.stdout.decode().split("\0") if name}
        return sorted(name for name in names if (ROOT / name).is_file())
    ignored = [line.strip().strip("/") for line in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()]
    return sorted(
        path.relative_to(ROOT)
        for path in ROOT.rglob("*")
        if path.is_file() and not any(part.match(name) for part in _parts(path) for name in (".git", *ignored) if name)
    )


def _parts(path: Path) -> list[Path]:
    return [Path(part) for part in path.relative_to(ROOT).parts]

"""The shape of the project: its top level, its sizes, and nothing of the machine it was made on."""

import re
import socket
import sys
from pathlib import Path

import pytest

from migration_ops.tests.contract.project_files import ROOT, project_files

TOP_LEVEL = {
    "manage.py",
    "quotepro",
    "legacy",
    "crm",
    "migration_ops",
    "templates",
    "requirements.txt",
    "requirements-browser.txt",
    "pytest.ini",
    "pyproject.toml",
    "conftest.py",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "docs",
    "benchmarks",
    ".ci",
    ".gitignore",
}
REQUIRED = TOP_LEVEL - {".gitignore"}
# Names that say nothing about what is in them.
VAGUE = {"utils.py", "helpers.py", "common.py", "misc.py"}
# First folders of absolute paths that every machine has, and of our own URLs; anything else is somebody's own.
EVERYWHERE = {"api", "bin", "dev", "etc", "proc", "run", "srv", "sys", "usr", "var"}
TEMPORARY = re.compile(r"/tmp(/quotepro[\w.{}$-]*|/pytest[\w.-]*)?$")
PATH = re.compile(
    r"(?<![\w./:}>)\]\"'`*~$=-])/[A-Za-z_][\w.-]*/[\w./-]+|(?<=[\"'`= (])/(?:home|root|work|opt|mnt)\b[\w./-]*"
)
TEXTS = {".py", ".md", ".sql", ".html", ".ini", ".toml", ".txt", ".cfg", ".yml", ".yaml", ""}


def texts():
    for name in project_files():
        if name.suffix in TEXTS:
            yield name, (ROOT / name).read_text(encoding="utf-8")


def test_the_top_level_holds_what_it_should_and_nothing_else():
    found = {name.parts[0] for name in project_files()}
    assert found - TOP_LEVEL == set()
    assert REQUIRED - found == set()


def test_ci_can_be_run():
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100


def test_no_module_has_a_name_that_says_nothing():
    assert [str(name) for name in project_files() if name.name in VAGUE] == []


def test_no_file_is_there_twice():
    seen: dict[bytes, Path] = {}
    twice = []
    for name in project_files():
        content = (ROOT / name).read_bytes()
        if len(content) > 80 and content in seen:
            twice.append((str(seen[content]), str(name)))
        seen.setdefault(content, name)
    assert twice == []


def own_names() -> list[str]:
    """What only this machine is called: folders of this checkout, of this user and of this Python, and the host."""
    system = {Path("/", name) for name in ("", "usr", "usr/local", "tmp", "home", "root")}
    # In order: the processes of a test session must collect the same tests.
    folders = sorted({ROOT, ROOT.parent, Path.home(), Path(sys.prefix)} - system)
    names = [str(folder) for folder in folders if len(folder.parts) > 1 and "quotepro" not in folder.name]
    host = socket.gethostname()
    return names + ([host] if len(host) > 6 and host not in ("localhost", "quotepro") else [])


@pytest.mark.parametrize("own", own_names())
def test_no_file_names_this_machine(own):
    whole = re.compile(re.escape(own) + r"(?![\w-])")
    assert [str(name) for name, text in texts() if whole.search(text)] == []


def test_no_file_holds_a_path_of_somebodys_own():
    found = []
    for name, text in texts():
        for number, line in enumerate(text.splitlines(), start=1):
            for match in PATH.finditer(line):
                path = match.group().rstrip("./")
                first = path.split("/")[1]
                if first not in EVERYWHERE and not TEMPORARY.match(path):
                    found.append(f"{name}:{number}: {path}")
    assert found == []


def test_no_work_is_announced_instead_of_done():
    announced = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    assert [str(name) for name, text in texts() if announced.search(text)] == []

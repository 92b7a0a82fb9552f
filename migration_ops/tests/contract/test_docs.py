"""What the documents say exists, and what exists is in the documents."""

import ast
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands, load_command_class

from migration_ops import conf
from migration_ops.projection.reasons import QuarantineReason
from migration_ops.tests.contract.project_files import ROOT
from migration_ops.validation.report import Depth

OURS = ("quotepro", "legacy", "crm", "migration_ops")
READERS = {"text", "flag", "integer", "names", "choice", "day", "require", "some_of", "web_address"}
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def our_commands() -> list[str]:
    return sorted(
        path.stem
        for app in OURS
        for path in (ROOT / app / "management" / "commands").glob("*.py")
        if path.stem != "__init__"
    )


def command_table() -> dict[str, str]:
    """The rows of the README's table of commands: name to the whole row."""
    section = README.partition("## Commands")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)[^`]*` \|.*$", section, flags=re.MULTILINE)
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return dict(zip(rows, lines, strict=True))


def marked_command(marker: str) -> str:
    """The one line of the fenced block right below a marker."""
    blocks = re.findall(rf"^<!-- {marker} -->\n```\w*\n(.*?)\n```$", README, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1, marker
    assert "\n" not in blocks[0]
    return blocks[0]


def variables() -> Iterator[tuple[str, ast.Call]]:
    """Environment variables our settings read, each with the call that reads it."""
    for path in (
        ROOT / "quotepro" / "settings.py",
        ROOT / "quotepro" / "settings_test.py",
        *(ROOT / "quotepro").glob("*.py"),
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in READERS):
                continue
            if getattr(node.func.value, "id", "") != "env":
                continue
            for argument in node.args if node.func.attr == "require" else node.args[:1]:
                if isinstance(argument, ast.Constant):
                    yield argument.value, node


def test_the_readme_lists_every_command_and_no_other():
    assert sorted(command_table()) == our_commands()


@pytest.mark.parametrize("name", our_commands())
def test_the_runbook_or_the_readme_shows_how_to_call_a_command(name):
    assert f"manage.py {name}" in RUNBOOK + README


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_call_only_commands_that_exist(document):
    called = set(re.findall(r"manage\.py ([a-z_]+)", document.read_text(encoding="utf-8")))
    assert called - set(get_commands()) == set()


@pytest.mark.parametrize("name", our_commands())
def test_documents_use_only_options_a_command_has(name):
    command = load_command_class(get_commands()[name], name)
    options = {
        option for action in command.create_parser("manage.py", name)._actions for option in action.option_strings
    }
    lines = [line for text in (README, RUNBOOK, CONFIGURATION) for line in text.splitlines()]
    used = {
        option
        for line in lines
        for call in re.findall(rf"manage\.py {name}\b([^#`|&;]*)", line)
        for option in re.findall(r"--[a-z-]+", call)
    }
    used |= set(re.findall(r"--[a-z-]+", command_table()[name]))
    assert used - options == set()


def test_the_readme_has_a_command_that_runs_it():
    words = shlex.split(marked_command("run"))
    assert words[:3] == ["python3", "-m", "venv"]
    assert words[-2:] == ["manage.py", "demo"]
    assert "requirements.txt" in words


def test_the_readme_has_a_command_that_tests_it():
    words = shlex.split(marked_command("test"))
    assert words[:3] == ["python3", "-m", "venv"]
    assert words[-4:] == ["-m", "pytest", "-m", "not nightly"]
    assert "requirements.txt" in words


def test_every_variable_the_settings_read_is_in_the_table():
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", CONFIGURATION, flags=re.MULTILINE))
    assert {name for name, _ in variables()} == documented


def test_every_number_of_the_move_can_be_set_and_has_one_default():
    """conf.py reads settings that quotepro/settings.py takes from the environment: both must say the same."""
    defaults = {
        node.args[0].value: node.args[1].value
        for node in ast.walk(ast.parse(Path(conf.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_number"
    }
    in_settings = {
        name.removeprefix("QUOTEPRO_"): call.args[1].value
        for name, call in variables()
        if name.startswith("QUOTEPRO_") and call.func.attr == "integer"
    }
    assert defaults == in_settings
    assert all(getattr(conf, name) == getattr(settings, f"QUOTEPRO_{name}") for name in defaults)
    for name, default in defaults.items():
        assert re.search(rf"^\| `QUOTEPRO_{name}` \| `{default}` \|", CONFIGURATION, flags=re.MULTILINE), name


def test_every_quarantine_reason_and_depth_is_in_the_runbook():
    assert {value for value in QuarantineReason.values if f"| `{value}` |" not in RUNBOOK} == set()
    assert {str(depth) for depth in Depth if f"| `{depth}` |" not in RUNBOOK} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    text = document.read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    }
    for target in re.findall(r"\]\(([^)#]*)(?:#[\w-]+)?\)", text):
        assert "://" in target or (document.parent / target).exists(), target
    for anchor in re.findall(r"\]\(#([\w-]+)\)", text):
        assert anchor in headings, anchor


def test_decisions_are_numbered_without_gap_and_say_context_choice_and_cost():
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    for path in DECISIONS:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}: "), path.name
        assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Cost")), path.name


def test_the_glossary_defines_each_word_once():
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| \*\*(.+?)\*\*", text, flags=re.MULTILINE)
    assert len(words) > 40
    assert len(words) == len(set(words))
    # The words the code is written in.
    used = (
        "source target batch cursor sweep contact link flag residue quarantine fingerprint projection inverse capture"
    )
    assert {*used.split(), "match key", "mismatch", "pace", "stage"} - set(words) == set()


def test_ci_says_what_it_does():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & stat.S_IXUSR
    text = script.read_text(encoding="utf-8")
    assert "set -euo pipefail" in text
    for what in ("ruff format --check", "ruff check", "mypy", "makemigrations --check", "readme_command test"):
        assert what in text

"""Which way imports point. ``migration_ops`` and ``legacy`` will be deleted one day; ``crm`` must not notice."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
OURS = ("quotepro", "legacy", "crm", "migration_ops")

# What the code of each app may import of ours, itself included.
ALLOWED = {
    "legacy": {"legacy"},
    "crm": {"crm"},
    "migration_ops": {"migration_ops", "legacy", "crm"},
    "quotepro": {"quotepro"},
}
# The project mounts URLs, and has the commands that are about all of it; nothing else in it knows the applications.
KNOWS_ALL = ("quotepro.urls", "quotepro.admin", "quotepro.management", "quotepro.demo")
# Doors: they call services and are called by nobody but Django, Celery and each other.
DOORS = ("admin", "management", "tasks", "api", "views", "urls")
# Rules: values in, values out.
PURE = ("migration_ops.backfill.pace", "migration_ops.projection.ids")
# Modules that start a process or an application; they belong to no layer.
STARTERS = ("apps",)


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(source: str, *, package: str) -> set[str]:
    """Full names a module imports, wherever in it: ``from a import b`` gives ``a.b``. package: for relative imports."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, base]) if base else ".".join(above)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def modules(*, with_tests: bool = False) -> Iterator[tuple[str, set[str]]]:
    """Every module of ours with what it imports of ours."""
    for app in OURS:
        for path in sorted((ROOT / app).rglob("*.py")):
            name = module_name(path)
            if "tests" in name.split(".") and not with_tests:
                continue
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            names = imported(path.read_text(encoding="utf-8"), package=package)
            yield name, {each for each in names if each.split(".")[0] in OURS}


def is_in(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)


def wrong_arrows(names: Iterator[tuple[str, set[str]]]) -> list[str]:
    """Imports from an app into one it must not know."""
    return [
        f"{name} imports {target}"
        for name, targets in names
        if not is_in(name, KNOWS_ALL)
        for target in sorted(targets)
        if target.split(".")[0] not in ALLOWED[name.split(".")[0]]
    ]


def doors_called(names: Iterator[tuple[str, set[str]]]) -> list[str]:
    """Imports of a door by something that is no door."""
    doors = tuple(f"{app}.{door}" for app in OURS for door in DOORS)
    return [
        f"{name} imports {target}"
        for name, targets in names
        if not is_in(name, doors) and name.split(".")[0] != "quotepro"
        for target in sorted(targets)
        if is_in(target, doors)
    ]


def test_the_scaffolding_can_be_taken_down():
    assert wrong_arrows(modules()) == []


def test_services_never_import_doors():
    assert doors_called(modules()) == []


def test_models_know_no_services():
    services = tuple(
        f"migration_ops.{name}"
        for name in (
            "backfill",
            "dual_write",
            "identity",
            "projection.project",
            "selectors",
            "transitions",
            "validation",
        )
    )
    wrong = [
        (name, target)
        for name, targets in modules()
        if is_in(name, ("migration_ops.models", "migration_ops.stages", "migration_ops.exceptions"))
        for target in targets
        if is_in(target, services)
    ]
    assert wrong == []


def test_selectors_only_read():
    writers = tuple(f"migration_ops.{name}" for name in ("backfill", "dual_write", "transitions", "validation"))
    wrong = [
        (name, target)
        for name, targets in modules()
        if is_in(name, ("migration_ops.selectors",))
        for target in targets
        if is_in(target, writers)
    ]
    assert wrong == []


def test_tests_of_legacy_and_crm_survive_without_migration_ops():
    wrong = [
        (name, target)
        for name, targets in modules(with_tests=True)
        if name.split(".")[0] in ("legacy", "crm")
        for target in targets
        if target.split(".")[0] == "migration_ops"
    ]
    assert wrong == []


@pytest.mark.parametrize("module", PURE)
def test_pure_rules_touch_neither_database_nor_framework(module):
    path = (ROOT / module.replace(".", "/")).with_suffix(".py")
    found = imported(path.read_text(encoding="utf-8"), package=module.rpartition(".")[0])
    assert not [name for name in found if name.split(".")[0] in {"django", "psycopg", "celery", "redis"}]


def test_the_schema_of_crm_depends_on_no_other_app_of_ours():
    for path in sorted((ROOT / "crm" / "migrations").glob("0*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        apps = {
            element.elts[0].value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "dependencies"
            for element in node.value.elts
            if isinstance(element, ast.Tuple)
        }
        assert not apps & {"legacy", "migration_ops"}, path.name


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import migration_ops.tasks", "migration_ops.tasks"),
        ("from migration_ops import tasks", "migration_ops.tasks"),
        ("def f():\n    from migration_ops.tasks import enqueue", "migration_ops.tasks.enqueue"),
        ("from ..tasks import enqueue", "migration_ops.tasks.enqueue"),
        ("from .. import tasks", "migration_ops.tasks"),
    ],
)
def test_the_walk_sees_every_way_to_import(source, found):
    assert found in imported(source, package="migration_ops.backfill")
    assert doors_called(iter([("migration_ops.backfill.batch", {found})]))
    assert wrong_arrows(iter([("crm.models.base", {found})]))

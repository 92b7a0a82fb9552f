import ast
from pathlib import Path

import pytest

import migration_ops.identity

PURE = [
    "clusters", "emails", "evidence", "folding", "keys", "lexicon", "names", "pairs", "phones", "records",
    *(f"duplicates/{name}" for name in (
        "blocking", "columns", "compare", "engine", "explain", "grouping", "name_pairs", "policy", "reading", "score",
        "statistics", "usage", "weights", "words",
    )),
]  # fmt: skip


@pytest.mark.parametrize("module", PURE)
def test_the_rules_of_identity_touch_neither_database_nor_framework(module):
    source = (Path(migration_ops.identity.__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert not [name for name in imported if name.split(".")[0] in {"django", "psycopg", "crm", "legacy"}]
    assert not [name for name in imported if name.startswith("migration_ops.") and "identity" not in name]

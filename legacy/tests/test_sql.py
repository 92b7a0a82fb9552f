import pytest

from legacy.sql import FOLDER, statement


def test_every_statement_says_what_it_is_for():
    for path in FOLDER.glob("*.sql"):
        assert statement(path.stem).startswith("-- "), path.name


def test_unknown_statement_is_an_error():
    with pytest.raises(FileNotFoundError):
        statement("no_such_statement")

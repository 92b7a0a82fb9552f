import pytest

from migration_ops import conf


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    """A row that differs is read again at once: nobody else writes in these tests."""
    monkeypatch.setattr(conf, "RECHECK_MS", 0)

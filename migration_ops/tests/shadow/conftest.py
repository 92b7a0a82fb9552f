"""Companies with two sides, drift that nothing captured, and a comparing thread that ends with its test."""

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache

from crm.models import Company
from migration_ops import conf
from migration_ops.models import CompanyStage
from migration_ops.shadow import queue
from migration_ops.tests.api.clients import Caller, caller, to_stage
from migration_ops.tests.living import migrated
from migration_ops.tests.state import wait_until


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("transactional_db")  # the thread ends before its tables are emptied
    monkeypatch.setattr(conf, "RECHECK_MS", 1)
    cache.clear()
    yield
    queue.end_of_process()
    cache.clear()


@pytest.fixture
def writer(session):
    return session()


@pytest.fixture
def company(writer) -> Company:
    """Eight plain deals, migrated, in dualwrite."""
    return migrated(writer, rows=8)


@pytest.fixture
def call(company) -> Callable[..., Caller]:
    """``call(stage)``: a program of the company at this stage, all of whose reads are compared."""

    def at(stage: str) -> Caller:
        to_stage(company, stage)
        CompanyStage.objects.filter(company=company).update(shadow_percent=100)
        return caller(company)

    return at


@pytest.fixture
def drift(writer) -> Callable[..., None]:
    """``drift("UPDATE …", params)``: a write that nothing captured."""

    def write(statement: str, params: object = None) -> None:
        writer.execute("SELECT set_config('quotepro.origin', 'mirror:' || pg_current_xact_id()::text, true)")
        writer.execute(statement, params)
        writer.commit()

    return write


@pytest.fixture
def compared() -> Callable[[], None]:
    """``compared()``: wait until every read that was offered is compared or given up, and counted."""

    def wait() -> None:
        if queue._of_process is not None:
            waiting = queue._of_process[1].queue
            wait_until(lambda: not waiting.unfinished_tasks, "the reads to be compared")

    return wait

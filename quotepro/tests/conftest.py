import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotepro.embedded import EmbeddedPostgres, EmbeddedValkey, Places


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder to come for embedded servers, which the servers' user can enter (pytest's own folder is private)."""
    around = Path(tempfile.mkdtemp(prefix="qp-"))
    around.chmod(0o755)
    yield around / "home"
    places = Places.below(around / "home")
    EmbeddedPostgres(places=places).stop()
    EmbeddedValkey(places=places).stop()
    shutil.rmtree(places.sockets, ignore_errors=True)
    shutil.rmtree(around)


@pytest.fixture
def places(home: Path) -> Places:
    return Places.below(home)

"""How much memory the embedded PostgreSQL may use."""

import psutil
import pytest

from quotepro.embedded import postgres

MB = 2**20


@pytest.fixture
def machine(monkeypatch, tmp_path):
    """``machine(megabytes, *limits)``: this machine has so much, and its container these limits, as their files say."""

    def have(megabytes: int, *limits: str) -> None:
        monkeypatch.setattr(psutil, "virtual_memory", lambda: type("Memory", (), {"total": megabytes * MB}))
        files = [tmp_path / f"limit{place}" for place in range(3)]
        for file, limit in zip(files, limits, strict=False):
            file.write_text(limit)
        monkeypatch.setattr(postgres, "CONTAINER_LIMITS", tuple(files))

    return have


@pytest.mark.parametrize(
    ("megabytes", "limits", "expected"),
    [
        (24_576, (), 4_096),
        (8_192, (), 2_048),
        (256, (), 128),
        (65_536, (f"{1_024 * MB}\n",), 256),
        (65_536, ("max\n",), 4_096),
        (65_536, ("max\n", f"{2_048 * MB}\n"), 512),
        (4_096, (str(2**63 - 4096),), 1_024),
    ],
)
def test_a_quarter_of_what_we_may_use_within_bounds(machine, megabytes, limits, expected):
    machine(megabytes, *limits)
    assert postgres._shared_buffers_mb() == expected

import os
import shutil
import stat
from pathlib import Path

import pytest

from quotepro.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey, Places
from quotepro.embedded.binaries import _reachable, postgres_program
from quotepro.embedded.places import enterable_by_others

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it is about the user root's servers run as")


def test_computing_urls_creates_nothing(places, home):
    assert str(places.sockets) in places.postgres_url()
    assert str(places.sockets) in places.valkey_url()
    assert not home.exists()


def test_a_long_path_puts_the_sockets_in_a_short_folder(tmp_path):
    short = Places(home=Path("/srv/project/.quotepro"))
    assert short.sockets == Path("/srv/project/.quotepro/run")
    long = Places(home=tmp_path / ("x" * 90))
    assert long.sockets.parent == Path("/tmp")
    assert len(os.fsencode(long.sockets)) < 40
    assert long.sockets == Places(home=tmp_path / ("x" * 90)).sockets
    assert long.sockets != Places(home=tmp_path / ("y" * 90)).sockets


def test_servers_with_a_long_path_can_be_reached(home):
    places = Places.below(home / ("long" * 20))
    postgres, valkey = EmbeddedPostgres(places=places), EmbeddedValkey(places=places)
    try:
        assert postgres.start()
        assert valkey.start()
        assert postgres.answers()
        assert stat.S_IMODE(places.sockets.stat().st_mode) == 0o700
    finally:
        postgres.stop()
        valkey.stop()
        shutil.rmtree(places.sockets)


@as_root
def test_a_socket_folder_somebody_else_made_is_refused(home):
    places = Places.below(home / ("long" * 20))
    places.sockets.mkdir()
    os.chown(places.sockets, 12345, 12345)
    try:
        with pytest.raises(EmbeddedError, match="belongs to 12345, not to nobody"):
            EmbeddedValkey(places=places).start()
    finally:
        places.sockets.rmdir()


@as_root
def test_a_project_nobody_can_enter_keeps_its_servers_elsewhere(tmp_path):
    tmp_path.chmod(0o700)
    assert not enterable_by_others(tmp_path / "project")
    assert Places.below(tmp_path / "project" / ".quotepro").home.parent == Path("/var/lib/quotepro")


@as_root
def test_binaries_nobody_can_reach_are_copied(places, tmp_path, monkeypatch):
    source = postgres_program(places, "initdb").parents[2]
    hidden = tmp_path / "site-packages" / source.name
    shutil.copytree(source / "pginstall18", hidden / "pginstall18")
    shutil.copytree(source.with_name(f"{source.name}.libs"), hidden.with_name(f"{source.name}.libs"))
    tmp_path.chmod(0o700)
    monkeypatch.setattr("quotepro.embedded.binaries._package_folder", lambda _: hidden)
    _reachable.cache_clear()
    places.prepare()
    try:
        assert places.binaries in postgres_program(places, "initdb").parents
        assert EmbeddedPostgres(places=places).start()
    finally:
        EmbeddedPostgres(places=places).stop()
        _reachable.cache_clear()


@as_root
def test_root_runs_the_servers_as_the_owner_of_the_folder(places, home):
    home.mkdir()
    os.chown(home, 12345, 12345)
    assert places.owner().pw_uid == 12345
    assert EmbeddedValkey(places=places).start()
    assert (places.valkey / "appendonlydir").stat().st_uid == 12345


def test_a_folder_that_cannot_be_used_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match="QUOTEPRO_DIR"):
        Places(home=tmp_path / "file" / "home").prepare()

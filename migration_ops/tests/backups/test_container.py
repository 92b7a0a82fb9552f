"""The file of a backup: any damage is found before anything is restored (K1, K2)."""

import json
import os
import re
from pathlib import Path

import pytest

from migration_ops.backups import container
from migration_ops.exceptions import BackupRefused

DUMP = b"PGDMP" + bytes(range(256)) * 40


@pytest.fixture
def whole(tmp_path) -> Path:
    path = tmp_path / "a.backup"
    path.write_bytes(DUMP)
    container.seal(path, {"tables": {"public.t": [1, "a:b"]}})
    return path


def test_what_was_sealed_is_read_again(whole):
    sealed = container.opened(whole)
    assert sealed.manifest["tables"] == {"public.t": [1, "a:b"]}
    assert (sealed.dump_bytes, sealed.manifest["format"]) == (len(DUMP), 1)
    assert whole.read_bytes().startswith(DUMP)


def test_one_flipped_bit_anywhere_is_found(whole):
    content = whole.read_bytes()
    for place in range(0, len(content), 7):
        broken = bytearray(content)
        broken[place] ^= 1 << (place % 8)
        whole.write_bytes(broken)
        with pytest.raises(BackupRefused):
            container.opened(whole)
    whole.write_bytes(content)
    container.opened(whole)


def test_cut_off_or_grown_anywhere_is_found(whole):
    content = whole.read_bytes()
    for length in (*range(0, len(content), 97), len(content) - 1):
        whole.write_bytes(content[:length])
        with pytest.raises(BackupRefused):
            container.opened(whole)
    for longer in (content + b"\n", b"x" + content, DUMP + content):
        whole.write_bytes(longer)
        with pytest.raises(BackupRefused):
            container.opened(whole)


MESSAGES = {
    "flipped": ("it is damaged", lambda c: c[:2000] + bytes([c[2000] ^ 1]) + c[2001:]),
    "cut off": ("its end is missing", lambda c: c[:-1]),
    "edited": ("its manifest was changed", lambda c: c.replace(b'"public.t":[1,', b'"public.t":[2,')),
    "empty": ("it is empty", lambda c: b""),
    "a plain dump": ("no backup made by", lambda c: b"-- PostgreSQL database dump\n" * 9),
    "pg_dump's own": ("pg_dump made it", lambda c: DUMP),
    "another file's end": ("bytes and the manifest says", lambda c: DUMP + c),
}


@pytest.mark.parametrize("damage", MESSAGES)
def test_the_message_says_what_is_wrong_in_one_line(whole, damage):
    words, change = MESSAGES[damage]
    whole.write_bytes(change(whole.read_bytes()))
    with pytest.raises(BackupRefused, match=re.escape(words)) as refused:
        container.opened(whole)
    assert str(refused.value).startswith("a.backup: ")
    assert "\n" not in str(refused.value)


def test_a_newer_format_is_refused(whole, monkeypatch):
    whole.write_bytes(DUMP)
    monkeypatch.setattr(container, "FORMAT", 2)
    container.seal(whole, {})
    monkeypatch.setattr(container, "FORMAT", 1)
    with pytest.raises(BackupRefused, match="format 2 and this version reads up to 1"):
        container.opened(whole)


def test_a_manifest_somebody_else_signed_is_refused(whole, settings):
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(BackupRefused, match="another SECRET_KEY"):
        container.opened(whole)
    settings.SECRET_KEY_FALLBACKS = ["development only: sessions signed with this are worth nothing"]
    container.opened(whole)


def test_a_file_that_is_not_there_or_cannot_be_read(tmp_path):
    with pytest.raises(BackupRefused, match="No such file"):
        container.opened(tmp_path / "none")
    with pytest.raises(BackupRefused, match="directory"):
        container.opened(tmp_path)


def test_the_manifest_is_json_with_a_length(whole):
    footer = container.FOOTER.fullmatch(whole.read_bytes()[-container.FOOTER_BYTES :])
    size = os.path.getsize(whole)
    start = size - container.FOOTER_BYTES - int(footer[1])
    assert json.loads(whole.read_bytes()[start : size - container.FOOTER_BYTES])["dump_bytes"] == start

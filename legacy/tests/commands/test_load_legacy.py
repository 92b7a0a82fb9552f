import gzip
import json
import os
from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from legacy.models import LegacyQuote

pytestmark = pytest.mark.django_db

CHINOOK = settings.BASE_DIR.parent / "shared" / "data" / "chinook.legacy.csv.gz"
COMPANY = "6f7d7f0e-3b0a-5c1e-9a53-0d7a5d0c6a11"
HEADER = "id,company_id,created_at,updated_at,notes"


def row(number: int, *, company: str = COMPANY, created: str = "2024-01-01 10:00:00+00", notes: str = "") -> str:
    return f"{UUID(int=number)},{company},{created},2024-01-02 10:00:00+00,{notes}"


def run(path: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("load_legacy", str(path), *arguments, stdout=out)
    return out.getvalue()


def write(folder: Path, *lines: str, name: str = "rows.csv", end: str = "\n") -> Path:
    path = folder / name
    path.write_bytes("".join(line + end for line in lines).encode())
    return path


def refusal(path: Path) -> str:
    """The one line of the refusal; the row that was there before is all there is."""
    LegacyQuote.objects.create(
        id=UUID(int=1), company_id=COMPANY, created_at="2024-01-01 00:00Z", updated_at="2024-01-01 00:00Z"
    )
    with pytest.raises(CommandError) as refused:
        run(path)
    assert refused.value.returncode == 2
    assert [pk for (pk,) in LegacyQuote.objects.values_list("id")] == [UUID(int=1)]
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"{path}: ")
    return str(refused.value).removeprefix(f"{path}: ")


@pytest.mark.skipif(not CHINOOK.exists(), reason="../shared/data/chinook.legacy.csv.gz is not there")
def test_chinook_loads():
    told = json.loads(run(CHINOOK, "--json").splitlines()[-1])
    assert (told["rows"], told["companies"]) == (412, 1)
    assert LegacyQuote.objects.count() == 412
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(total), count(paid_at), sum(jsonb_array_length(items)) FROM quotes")
        total, paid, items = cursor.fetchone()
    assert (str(total), paid, items) == ("2293.94", 397, 2206)
    with pytest.raises(CommandError, match="is in the table already"):
        run(CHINOOK)
    assert LegacyQuote.objects.count() == 412


def test_columns_in_any_order_and_absent_ones_are_null(tmp_path):
    path = write(
        tmp_path,
        "notes,updated_at,items,id,created_at,company_id",
        f'"",2024-01-02,"[{{""name"":""a,b""}}]",{UUID(int=5)},2024-01-01,{COMPANY}',
        f",2024-01-02,,{UUID(int=6)},2024-01-01,{COMPANY}",
    )
    assert "2 legacy rows of 1 companies" in run(path)
    first, second = LegacyQuote.objects.order_by("id")
    assert (first.notes, first.items, first.email) == ("", [{"name": "a,b"}], None)
    assert (second.notes, second.items) == (None, None)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_are_understood(tmp_path, end):
    path = write(tmp_path, "\ufeff" + HEADER, row(5, notes="ü"), row(6), end=end)
    run(path)
    assert list(LegacyQuote.objects.order_by("id").values_list("notes", flat=True)) == ["ü", None]


def test_gzip_is_recognised_by_its_content(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(gzip.compress(f"{HEADER}\n{row(5)}\n".encode()))
    run(path)
    assert LegacyQuote.objects.count() == 1


def test_file_larger_than_one_block(tmp_path):
    path = write(tmp_path, HEADER, *(row(number, notes="x" * 500) for number in range(2000)), name="rows.csv")
    assert json.loads(run(path, "--json"))["rows"] == 2000


def test_text_that_would_end_the_data_is_kept_when_quoted(tmp_path):
    path = write(tmp_path, HEADER, row(5, notes='"first\n\\.\nlast"'), row(6))
    run(path)
    assert LegacyQuote.objects.get(pk=UUID(int=5)).notes == "first\n\\.\nlast"
    assert LegacyQuote.objects.count() == 2


BAD_ROWS = {
    "bad uuid in row 7": (
        [*(row(number) for number in range(10, 16)), f"nonsense,{COMPANY},2024-01-01,2024-01-01,", row(20)],
        "row 7 (line 8), column id, value 'nonsense': invalid input syntax for type uuid",
    ),
    "bad time": ([row(5), row(6, created="2024-13-01")], "row 2 (line 3), column created_at, value '2024-13-01': "),
    "missing company": (
        [row(5), row(6, company="")],
        "row 2 (line 3), column company_id: empty, and every row needs it",
    ),
    "after line breaks inside a value": (
        [row(5, notes='"a\nb"'), row(6, notes='"c\nd\ne"'), row(7, company="x")],
        "row 3 (line 7), column company_id, value 'x': ",
    ),
    "too many values": ([row(5), row(6) + ",more"], "row 2 (line 3): extra data after last expected column"),
    "too few values": ([row(5), str(UUID(int=6))], 'row 2 (line 3): missing data for column "company_id"'),
    "blank line": ([row(5), "", row(6)], "row 2 (line 3): missing data"),
    "open quote": ([row(5), row(6, notes='"abc')], "row 2 (line 3): unterminated CSV quoted field"),
    "same id twice": ([row(5), row(6), row(5)], f"rows 1 and 3 have the same id {UUID(int=5)}"),
    "id in the table": ([row(5), row(1)], f"row 2: id {UUID(int=1)} is in the table already"),
    "long value": ([row(5, company="x" * 500)], f"value '{'x' * 80}…': invalid input syntax"),
    "lone end mark": ([row(5), "\\.", row(6)], "row 2 "),
    "end mark first": (["\\.", row(6)], "row 1 "),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_named_and_nothing_is_loaded(tmp_path, case):
    rows, told = BAD_ROWS[case]
    assert told in refusal(write(tmp_path, HEADER, *rows))


def test_a_bad_row_of_a_windows_file_is_named(tmp_path):
    rows = [row(5, notes='"a\r\nb"'), row(6, notes='"c\r\nd"'), row(7, company="x")]
    assert "row 3 (line 6), column company_id" in refusal(write(tmp_path, HEADER, *rows, end="\r\n"))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id,company_id,created_at,updated_at,color", "unknown column 'color' in the header"),
        ("id;company_id;created_at;updated_at", "unknown column 'id;company_id;created_at;updated_at'"),
        ("ID,company_id,created_at,updated_at", "unknown column 'ID'"),
        ("id,company_id,created_at", "column 'updated_at' is missing from the header"),
        ("notes", "column 'id', 'company_id', 'created_at', 'updated_at' is missing"),
        ("id,company_id,created_at,updated_at,id", "column 'id' is in the header more than once"),
        ("", "the first line is empty"),
        (row(5), "unknown column"),
    ],
)
def test_a_bad_header_is_refused(tmp_path, header, told):
    assert told in refusal(write(tmp_path, header, row(5)))


def test_bad_items_are_named(tmp_path):
    path = write(tmp_path, HEADER.replace("notes", "items"), row(5, notes='"[{"'))
    assert "row 1 (line 2), column items" in refusal(path)


def test_missing_file(tmp_path):
    assert refusal(tmp_path / "none.csv") == "there is no such file."


def test_directory(tmp_path):
    assert refusal(tmp_path).startswith("not a file.")


def test_a_path_the_system_refuses(tmp_path):
    assert refusal(tmp_path / f"{'x' * 300}.csv").startswith("cannot be read (File name too long).")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("mode", [0o000, 0o600])
def test_a_folder_this_user_may_not_enter(tmp_path, mode):
    folder = tmp_path / "closed"
    folder.mkdir()
    path = write(folder, HEADER, row(5))
    folder.chmod(mode)
    try:
        assert refusal(path).startswith("cannot be read (Permission denied).")
    finally:
        folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_this_user_may_not_read(tmp_path):
    path = write(tmp_path, HEADER, row(5))
    path.chmod(0)
    assert refusal(path).startswith("cannot be read (Permission denied).")


def test_empty_file(tmp_path):
    assert refusal(write(tmp_path)).startswith("the file is empty.")


def test_empty_gzip_file(tmp_path):
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(b""))
    assert refusal(path).startswith("the first line is empty.")


def test_header_only(tmp_path):
    assert refusal(write(tmp_path, HEADER)) == "a header and no rows; nothing to load."


def test_named_gz_but_not_gzip(tmp_path):
    assert refusal(write(tmp_path, HEADER, row(5), name="rows.csv.gz")).startswith("named .gz, but not gzip.")


def test_damaged_gzip(tmp_path):
    path = tmp_path / "rows.csv.gz"
    packed = gzip.compress("\n".join([HEADER, *(row(number) for number in range(10, 5000))]).encode())
    path.write_bytes(packed[: len(packed) // 2])
    assert "the gzip data is damaged" in refusal(path)
    path.write_bytes(packed[:200] + b"\0" * 50 + packed[250:])
    LegacyQuote.objects.all().delete()
    assert "the gzip data is damaged" in refusal(path)


def test_not_utf8(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(f"{HEADER}\n{row(5)}\n{row(6, notes='Müller')}\n".encode("latin-1"))
    assert "row 2 (line 3): invalid byte sequence for encoding" in refusal(path)
    LegacyQuote.objects.all().delete()
    path.write_bytes(HEADER.encode("utf-16"))
    assert "not UTF-8" in refusal(path)


def test_nul_bytes(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(f"{HEADER}\n{row(5, notes='a')}\n".encode().replace(b",a\n", b",a\0\n"))
    assert "row 1 (line 2): invalid byte sequence" in refusal(path)


def test_a_refusal_by_a_trigger_is_one_line(tmp_path):
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'company % is live', NEW.company_id; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON quotes FOR EACH ROW WHEN (NEW.notes = 'no')"
            " EXECUTE FUNCTION refuse()"
        )
    told = refusal(write(tmp_path, HEADER, row(5, notes="no")))
    assert told == f"the database refused the rows: company {COMPANY} is live"

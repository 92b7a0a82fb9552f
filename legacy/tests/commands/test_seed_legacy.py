import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from legacy.models import LegacyQuote

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_legacy", *arguments, stdout=out)
    return out.getvalue()


def test_json_is_one_object_on_the_last_line():
    lines = run("--rows", "400", "--companies", "4", "--json").splitlines()
    told = json.loads(lines[-1])
    assert len(lines) == 1
    assert told["rows"] == LegacyQuote.objects.count() == 400
    assert sum(company["rows"] for company in told["companies"]) == 400
    assert {"dirty_rows", "quarantine_rows", "defects", "seconds", "rows_per_second"} <= set(told)


def test_text_names_the_companies():
    assert "company 0ef932f2-32a5-504e-a220-57f1f795e1d6" in run("--rows", "30", "--companies", "25")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rows", "0"], "--rows 0"),
        (["--rows", "-5"], "--rows -5"),
        (["--rows", "2", "--companies", "3"], "--companies 3"),
        (["--companies", "0"], "--companies 0"),
        (["--dirty", "1.01"], "--dirty 1.01"),
        (["--dirty", "-0.1"], "--dirty -0.1"),
        (["--dirty", "nan"], "--dirty nan"),
        (["--until", "1890-01-01"], "--until 1890-01-01"),
    ],
)
def test_bad_arguments_are_refused_and_change_nothing(arguments, told):
    with pytest.raises(CommandError, match=told) as refused:
        run(*arguments)
    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)
    assert not LegacyQuote.objects.exists()


@pytest.mark.parametrize("arguments", [["--rows", "many"], ["--until", "soon"], ["--seed", "1.5"]])
def test_arguments_that_are_no_values_are_refused(arguments):
    with pytest.raises(CommandError, match="invalid"):
        run(*arguments)


def test_same_rows_again_are_refused():
    run("--rows", "20")
    with pytest.raises(CommandError, match="already") as refused:
        run("--rows", "20")
    assert refused.value.returncode == 2
    assert LegacyQuote.objects.count() == 20

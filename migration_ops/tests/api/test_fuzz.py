"""A fuzzer reads the OpenAPI documents and tries: no 500, no answer outside the document, by nobody's token nothing.

Some examples of each operation on every submission, many in the nightly run.
"""

from collections import Counter
from typing import Any

import orjson
import pytest
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from legacy.models import LegacyQuote
from migration_ops.api.urls import api as v1
from migration_ops.tests.api.clients import Caller, caller, company
from migration_ops.tests.api.conftest import deal_of

# The fuzzer's own packages warn of their own affairs.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("default")]
# What fits the document, and what does not.
MODES = ("positive", "negative")
FEW, MANY = 4, 100
UNKNOWN = {"Authorization": "Bearer qp_00000000_" + "x" * 43}
# What is said before anybody asks whose token it is; 405 where the fuzzer spoilt the path.
TO_NOBODY = (400, 401, 404, 405, 413, 415)
TRIALS = [
    pytest.param(is_valid, mode, examples, id=f"{'valid' if is_valid else 'invalid'} token, {mode} data, {examples} each",
                 marks=[pytest.mark.nightly] if examples == MANY or (mode == "negative" and not is_valid) else [])
    for is_valid in (True, False) for mode in MODES for examples in (FEW, MANY)
]  # fmt: skip
LENGTHS = [pytest.param(FEW, id="short"), pytest.param(MANY, id="long", marks=pytest.mark.nightly)]


@pytest.fixture(scope="module")
def fuzzer() -> Any:
    # Here, not above: it takes seconds to load, and every process of a session collects this file.
    import schemathesis

    return schemathesis


@pytest.fixture
def call(settings) -> Caller:
    settings.ALLOWED_HOSTS = ["*"]
    settings.API_REQUESTS_PER_MINUTE = 10_000_000
    return caller(company("fuzzed"))


def attempts(operation: Any, mode: str, deals: list[dict[str, str]], examples: int):
    """Runs a function with so many cases of an operation, two in three with ids that exist."""
    from schemathesis import GenerationMode

    def run(attempt) -> None:
        @given(case=operation.as_strategy(generation_mode=GenerationMode(mode)), ids=st.sampled_from([*deals, None]))
        @hypothesis_settings(
            max_examples=examples, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        def tried(case, ids):
            if ids:
                known = {f"{kind.removesuffix('s')}_id": id for kind, id in ids.items()}
                wanted = {each.name for each in operation.path_parameters}
                case.path_parameters.update({name: id for name, id in known.items() if name in wanted})
                if mode == "positive" and isinstance(case.body, dict):
                    of = {"leads": "customer_id", "quotes": "customer_id", "generate": "customer_id", "jobs": "quote_id",
                          "invoices": "job_id"}.get(operation.path.rpartition("/")[2])  # fmt: skip
                    if of in known:
                        case.body.pop("lead_id", None)
                        case.body[of] = known[of]
            attempt(case)

        tried()

    return run


def operations(schema: Any) -> list[Any]:
    return [result.ok() for result in schema.get_all_operations()]


@pytest.mark.parametrize(("is_valid", "mode", "examples"), TRIALS)
def test_no_500_and_no_answer_outside_the_document(no_effect, fuzzer, call, is_valid, mode, examples):
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi import checks

    all_checks = [
        not_a_server_error, checks.status_code_conformance, checks.content_type_conformance,
        checks.response_schema_conformance,
    ]  # fmt: skip
    own = {"Authorization": f"Bearer {call.secret}"}
    schema = fuzzer.openapi.from_wsgi("/api/v2/openapi.json", get_wsgi_application(), headers=own)
    headers = own if is_valid else UNKNOWN
    found: Counter[int] = Counter()
    tried = 0

    def attempt(case) -> None:
        response = case.call(headers={"If-Match": "*"} | headers)
        case.validate_response(response, checks=all_checks)
        found[response.status_code] += 1
        assert is_valid or response.status_code in TO_NOBODY

    def all_operations() -> None:
        nonlocal tried
        for operation in operations(schema):
            attempts(operation, mode, deals, examples)(attempt)
            tried += 1

    deals = [deal_of(call, upto="draft"), deal_of(call)]
    if is_valid:
        all_operations()
    else:
        with no_effect():
            all_operations()
    assert tried >= 25
    # It did get in, and was refused, as it should be: a fuzzer that only meets 404 shows nothing.
    if is_valid and mode == "positive":
        assert {200, 201} <= set(found), found
    elif is_valid:
        assert found[422] + found[400] > 0, found
    else:
        assert found[401] > tried, found


@pytest.mark.parametrize("examples", LENGTHS)
@pytest.mark.parametrize("is_valid", [True, False], ids=["valid token", "invalid token"])
def test_v1_has_no_500_and_no_strange_answer(no_effect, fuzzer, call, is_valid, examples):
    """v1 publishes no document; the fuzzer gets the one its routes would make."""
    document = orjson.dumps(v1.get_openapi_schema(path_prefix="/api/"), option=orjson.OPT_NON_STR_KEYS)
    schema = fuzzer.openapi.from_dict(orjson.loads(document))
    schema.app = get_wsgi_application()
    columns = {field.column for field in LegacyQuote._meta.concrete_fields}
    own = {"Authorization": f"Bearer {call.secret}"}
    found: Counter[int] = Counter()

    def attempt(case) -> None:
        response = case.call(headers=own if is_valid else UNKNOWN)
        found[response.status_code] += 1
        assert response.headers["deprecation"]
        assert response.status_code < 500, response.text
        if response.status_code >= 400:
            assert response.headers["content-type"] == ["application/problem+json"]
            assert response.json()["status"] == response.status_code
        elif response.status_code != 204:
            shown = response.json()
            rows = shown if isinstance(shown, list) else [shown]
            assert "error" in shown or all(set(row) == columns for row in rows)
        assert is_valid or response.status_code in TO_NOBODY

    def all_operations() -> None:
        for operation in operations(schema):
            for mode in MODES:
                attempts(operation, mode, deals, examples)(attempt)

    deals = [deal_of(call, upto="draft"), deal_of(call)]
    if is_valid:
        all_operations()
        assert found[200] > 0, found
        assert found[422] > 0, found
    else:
        with no_effect():
            all_operations()
        assert found[401] > 10, found

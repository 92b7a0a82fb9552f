"""A fuzzer reads the OpenAPI document and tries: no 500, no answer outside the document.

schemathesis stays out of the requirements (29 packages): `pip install schemathesis==4.32.5` beside them, then run this file.
"""

import pytest
from django.core.wsgi import get_wsgi_application

from migration_ops.tests.api.clients import caller, company
from migration_ops.tests.api.conftest import deal_of

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("default")]
EXAMPLES = 25


@pytest.mark.parametrize("is_known", [True, False], ids=["valid token", "invalid token"])
def test_no_500_and_no_answer_outside_the_document(is_known, settings):
    from hypothesis import HealthCheck, Phase, given
    from hypothesis import settings as hypothesis_settings
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    settings.ALLOWED_HOSTS = ["*"]
    settings.API_REQUESTS_PER_MINUTE = 10_000_000
    call = caller(company("fuzzed"))
    deal_of(call)
    headers = {"Authorization": f"Bearer {call.secret}"}
    schema = schemathesis.openapi.from_wsgi("/api/v2/openapi.json", get_wsgi_application(), headers=headers)
    if not is_known:
        headers = {"Authorization": "Bearer qp_00000000_" + "x" * 43}
    checks = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()

        @given(case=operation.as_strategy())
        @hypothesis_settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        def attempt(case):
            response = case.call(headers=headers)
            case.validate_response(response, checks=checks)
            if not is_known:
                assert response.status_code in (400, 401, 413, 415)

        attempt()
        tried += 1
    assert tried >= 25

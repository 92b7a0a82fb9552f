"""API v2 as mounted: errors become problems, the OpenAPI document is for those who may ask."""

import logging
from typing import Any

import orjson
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from crm.api.auth import Token
from crm.api.parsing import StrictParser
from crm.api.problems import CONTENT_TYPE, Refused, problem
from crm.api.routes import router
from crm.exceptions import CrmError

log = logging.getLogger("quotepro.api")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="quotepro"'}


class Api(NinjaAPI):
    """A NinjaAPI whose document names problems by their own content type, and routes by their own names."""

    def get_openapi_schema(self, **kwargs: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        schema = super().get_openapi_schema(**kwargs)
        for methods in schema["paths"].values():
            for operation in methods.values():
                for status, response in operation["responses"].items():
                    if int(status) >= 400 and "content" in response:
                        response["content"] = {CONTENT_TYPE: response["content"].pop("application/json")}
        return schema

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """The route's own name: where its module lies does not change what generated clients call it."""
        return operation.view_func.__name__


def with_problems(api: NinjaAPI) -> NinjaAPI:
    """Say every refusal as a problem; an error of ours says nothing but the request's id."""

    @api.exception_handler(CrmError)
    def refused(request: HttpRequest, error: CrmError) -> HttpResponse:
        return problem(request, error.status, str(error), code=error.code)

    @api.exception_handler(Refused)
    def refused_here(request: HttpRequest, error: Refused) -> HttpResponse:
        return problem(request, error.status, error.detail, headers=error.headers)

    @api.exception_handler(AuthenticationError)
    def unknown(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
        return problem(request, 401, "A valid token is needed: Authorization: Bearer …", headers=CHALLENGE)

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
        # What was sent is not repeated: it may be anything.
        errors = [
            {"where": ".".join(str(part) for part in each["loc"])[:200], "message": str(each["msg"])[:200]}
            for each in error.errors[:20]
        ]
        return problem(request, 422, "Some values cannot be used.", errors=errors)

    @api.exception_handler(Http404)
    def missing(request: HttpRequest, error: Http404) -> HttpResponse:
        return problem(request, 404, "There is nothing here.")

    @api.exception_handler(HttpError)
    def said(request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(request, error.status_code, error.message)

    @api.exception_handler(IntegrityError)
    def collided(request: HttpRequest, error: IntegrityError) -> HttpResponse:
        log.warning("%s %s: %s", request.method, request.path, type(error).__name__)
        return problem(request, 409, "Somebody else wrote the same at the same moment; try again.")

    @api.exception_handler(OperationalError)
    def unavailable(request: HttpRequest, error: OperationalError) -> HttpResponse:
        log.error("%s %s: %s", request.method, request.path, type(error).__name__)
        return problem(request, 503, "The database cannot answer now; try again.", headers={"Retry-After": "1"})

    @api.exception_handler(DataError)
    def unstorable(request: HttpRequest, error: DataError) -> HttpResponse:
        log.warning("%s %s: %s", request.method, request.path, type(error).__name__)
        return problem(request, 422, "A value cannot be stored.")

    @api.exception_handler(Exception)
    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        log.exception("%s %s failed, request %s", request.method, request.path, getattr(request, "request_id", ""))
        return problem(request, 500, "Something went wrong here; quote the request id when you ask.")

    return api


api = with_problems(
    Api(
        title="QuotePro API", version="2", urls_namespace="api-v2", docs_url=None, openapi_url=None,
        parser=StrictParser(),
        description="Leads, quotes, jobs, invoices and customers of the token's company. Money is text. Errors are"
        " problem details (RFC 9457). POST takes an Idempotency-Key, PATCH needs If-Match.",
    )
)  # fmt: skip
api.add_router("", router)


def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for staff and for any valid token."""
    user = getattr(request, "user", None)
    if not (user is not None and user.is_authenticated and user.is_staff):
        try:
            token = Token()(request)
        except Refused as error:
            return problem(request, error.status, error.detail, headers=error.headers)
        if token is None:
            return problem(request, 401, "A valid token is needed: Authorization: Bearer …", headers=CHALLENGE)
    document = orjson.dumps(api.get_openapi_schema(path_prefix="/api/v2/"), option=orjson.OPT_NON_STR_KEYS)
    return HttpResponse(document, content_type="application/json")


urlpatterns: list[URLPattern | URLResolver] = [path("openapi.json", openapi), *api.urls[0]]

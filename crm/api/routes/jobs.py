"""Jobs."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router

from crm.api import schemas as s
from crm.api.answers import act, list_answer, row_answer
from crm.api.auth import Token
from crm.api.routes.parameters import ERRORS, ONE_ERRORS, WRITE_ERRORS, Cursor, Limit, Offset, Status
from crm.models import Scope
from crm.services import deals, jobs

router = Router()


@router.get("/jobs", response={200: s.JobPage, **ERRORS}, auth=Token(Scope.JOBS_READ), tags=["jobs"])
def job_list(
    request: HttpRequest, limit: Limit = 20, offset: Offset = 0, cursor: Cursor = None, status: Status = None,
    customer_id: UUID | None = None, quote_id: UUID | None = None,
) -> HttpResponse:  # fmt: skip
    """Jobs, the newest first; by limit and offset, or by cursor for depth."""
    filters = {"status": status, "customer_id": customer_id, "quote_id": quote_id}
    return list_answer(request, "jobs", filters, limit=limit, offset=offset, cursor=cursor)


@router.post("/jobs", response={201: s.Job, **WRITE_ERRORS}, auth=Token(Scope.JOBS_WRITE), tags=["jobs"])
def job_create(request: HttpRequest, body: s.JobIn) -> HttpResponse:
    """Schedule the job of an accepted quote."""
    facts = body.model_dump(exclude={"quote_id"})
    return act(request, lambda company: jobs.job_schedule(company, body.quote_id, **facts), "jobs", status=201)


@router.get("/jobs/{job_id}", response={200: s.Job, **ONE_ERRORS}, auth=Token(Scope.JOBS_READ), tags=["jobs"])
def job_detail(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """One job."""
    return row_answer(request, "jobs", job_id)


@router.post("/jobs/{job_id}/start", response={200: s.Job, **WRITE_ERRORS}, auth=Token(Scope.JOBS_WRITE), tags=["jobs"])
def job_start(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The work has begun."""
    return act(request, lambda company: jobs.job_start(company, job_id), "jobs",
               deal=lambda company: deals.deal_of_job(company, job_id), subject=job_id)  # fmt: skip


@router.post(
    "/jobs/{job_id}/complete", response={200: s.Job, **WRITE_ERRORS}, auth=Token(Scope.JOBS_WRITE), tags=["jobs"]
)
def job_complete(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """The work is done."""
    return act(request, lambda company: jobs.job_complete(company, job_id), "jobs",
               deal=lambda company: deals.deal_of_job(company, job_id), subject=job_id)  # fmt: skip

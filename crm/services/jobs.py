"""Jobs: scheduled, started, completed."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from crm.exceptions import Conflict
from crm.ids import deal_child_id
from crm.models import Company, Job, Quote
from crm.moves import next_status
from crm.services.deals import deal_of_job, deal_write, locked, save


def job_schedule(
    company: Company, quote_id: UUID, *, scheduled_start: datetime | None = None, job_number: str | None = None
) -> UUID:
    """Schedule the job of an accepted quote; the job's id.

    Raises:
        NotFound, IllegalMove: no such quote, or it is not accepted (or its job is scheduled already).
        Conflict: its job has begun.
    """
    with deal_write(company, quote_id):
        quote = locked(Quote, company, quote_id)
        status = next_status("quote", quote.status, "scheduled")
        now = timezone.now()
        job, _ = Job.objects.select_for_update().get_or_create(
            quote=quote,
            defaults={
                "id": deal_child_id(quote_id, "job"), "company": company, "customer_id": quote.customer_id,
                "job_number": f"JOB-{quote_id}", "title": quote.job_name, "description": quote.description,
                "status": Job.Status.SCHEDULED, "created_at": now, "updated_at": now,
            },
        )  # fmt: skip
        if job.status != Job.Status.SCHEDULED:
            raise Conflict(f"The job of this quote is {job.status!r} already.")
        save(quote, status=status)
        save(job, scheduled_start=scheduled_start or job.scheduled_start, job_number=job_number or job.job_number)
    return job.pk


def job_start(company: Company, job_id: UUID) -> UUID:
    """The work has begun.

    Raises:
        NotFound, IllegalMove: no such job, or it is not waiting.
    """
    with deal_write(company, deal_of_job(company, job_id)):
        job = locked(Job, company, job_id)
        save(job, status=next_status("job", job.status, "started"), actual_start=timezone.now())
    return job_id


def job_complete(company: Company, job_id: UUID) -> UUID:
    """The work is done, and with it the quote.

    Raises:
        NotFound, IllegalMove: no such job, or it is not in progress.
    """
    deal_id = deal_of_job(company, job_id)
    with deal_write(company, deal_id):
        quote = locked(Quote, company, deal_id)
        job = locked(Job, company, job_id)
        save(job, status=next_status("job", job.status, "completed"), actual_end=timezone.now())
        if quote.status in ("accepted", "scheduled"):
            save(quote, status=next_status("quote", quote.status, "completed"))
    return job_id

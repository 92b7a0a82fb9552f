"""Jobs."""

from django.contrib import admin

from crm.admin.columns import code, link, minute, short, state, text, when
from crm.admin.filters import CompanyFilter, choice_filter
from crm.admin.records import RecordAdmin
from crm.admin.states import COLOURS
from crm.models import Job

STATUS = state("status", COLOURS, labels=dict(Job.Status.choices))


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """The work that was agreed."""

    list_display = (
        short("job_number", words="job"),
        link("customer"),
        STATUS,
        short("title"),
        minute("scheduled_start", words="scheduled"),
        minute("actual_end", words="ended"),
        link("company"),
    )
    list_filter = (CompanyFilter, choice_filter("status", Job.Status.choices, is_offered_in_a_company=True))
    company_ordering = ("-created_at", "-pk")
    search_texts = ("job_number", "title", "customer__name")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (text("job_number"), STATUS),
                    text("title"),
                    text("description"),
                    (link("customer"), link("company")),
                    link("quote"),
                )
            },
        ),
        (
            "Times",
            {
                "fields": (
                    (when("scheduled_start", words="scheduled"), when("actual_start", words="started")),
                    when("actual_end", words="ended"),
                    (when("created_at"), when("updated_at")),
                    code("id"),
                )
            },
        ),
    )

"""Who may take rows out of the house, how often, and what the audit log says of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from migration_ops import audit, conf
from migration_ops.exceptions import ExportRefused
from migration_ops.models import AuditLine

ACTION = "export"


@transaction.atomic
def begin(person: Any, *, what: str, filters: dict[str, str], seen: list[str] | None) -> str:
    """Note an export before its first row leaves; the mark that every row of the file carries.

    Args:
        what: which list.
        filters: what the list was narrowed to.
        seen: companies the person is limited to; None for no limit.
    Raises:
        ExportRefused: the person has had as many in the last hour as one may.
    """
    # Two at once are counted one after the other.
    User.objects.select_for_update().get(pk=person.pk)
    name = person.get_username()
    since = timezone.now() - timedelta(hours=1)
    had = AuditLine.objects.filter(action=ACTION, actor=name, at__gt=since).count()
    if had >= conf.EXPORTS_PER_HOUR:
        raise ExportRefused(name=name, had=had)
    mark = uuid4().hex[:12]
    audit.record(
        actor=name, action=ACTION, company=None,
        detail={"what": what, "filters": filters, "companies": seen if seen is None else seen[:50], "mark": mark},
    )  # fmt: skip
    return f"{name} {timezone.now():%Y-%m-%d %H:%M} UTC {mark}"

"""Sends one notice. Addresses come from the settings alone; a webhook is asked once and never followed elsewhere."""

import http.client
import json
import logging
import smtplib
import ssl
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from migration_ops.models import Notice

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0
ATTEMPTS = 5
FIRST_PAUSE = timedelta(minutes=1)


class NotTaken(Exception):
    """The other side did not take the notice."""


# Whatever a mail server or a webhook does; a refused header is a ValueError.
TROUBLE = (OSError, http.client.HTTPException, smtplib.SMTPException, ValueError, NotTaken)


def due() -> list[int]:
    """Notices to be sent now, the oldest first, a hundred at most."""
    waiting = Notice.objects.filter(state=Notice.State.PENDING, next_at__lte=timezone.now())
    return list(waiting.order_by("pk").values_list("pk", flat=True)[:100])


@transaction.atomic
def deliver(pk: int) -> bool:
    """Send a notice that waits; whether it was taken. A failure is logged, noted and tried again later, five times."""
    notice = Notice.objects.select_for_update(skip_locked=True).filter(pk=pk, state=Notice.State.PENDING).first()
    if notice is None or notice.next_at > timezone.now():
        return False  # sent, given up, or in other hands
    notice.attempts += 1
    try:
        (_mail if notice.channel == Notice.Channel.EMAIL else _post)(notice)
    except TROUBLE as error:
        told = f"{type(error).__name__}: {' '.join(str(error).split())}"[:500]
        log.warning("notice %s by %s was not taken: %s", notice.pk, notice.channel, told)
        notice.error = told
        notice.state = Notice.State.FAILED if notice.attempts >= ATTEMPTS else Notice.State.PENDING
        notice.next_at = timezone.now() + FIRST_PAUSE * 4 ** (notice.attempts - 1)
        notice.save()
        return False
    notice.state, notice.error, notice.sent_at = Notice.State.SENT, "", timezone.now()
    notice.save()
    return True


def _mail(notice: Notice) -> None:
    message = EmailMessage(
        subject=f"[QuotePro] {notice.subject}", body=f"{notice.subject}\n\n{notice.text}\n{_page(notice)}",
        to=settings.NOTIFY_EMAIL_TO,
    )  # fmt: skip
    message.send()


def _post(notice: Notice) -> None:
    address = urlsplit(settings.NOTIFY_WEBHOOK_URL)
    host = address.hostname or ""
    connection: http.client.HTTPConnection
    if address.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, address.port, timeout=TIMEOUT_S, context=context)
    elif address.scheme == "http":
        connection = http.client.HTTPConnection(host, address.port, timeout=TIMEOUT_S)
    else:
        raise NotTaken("the webhook's address is neither http nor https")
    words = "\n".join(part for part in (f"*{_slack(notice.subject)}*", _slack(notice.text), _page(notice)) if part)
    path = address.path or "/"
    try:
        connection.request(
            "POST", f"{path}?{address.query}" if address.query else path, json.dumps({"text": words}).encode(),
            {"Content-Type": "application/json"},
        )  # fmt: skip
        status = connection.getresponse().status
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise NotTaken(f"the webhook answered {status}")


def _slack(text: str) -> str:
    """Nothing in it is a mention or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("*", "\u2217")


def _page(notice: Notice) -> str:
    base = settings.NOTIFY_SITE_URL.rstrip("/")
    return f"{base}/admin/migration_ops/companystage/{notice.company_id}/change/" if base else ""

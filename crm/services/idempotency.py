"""Requests that come with an Idempotency-Key are done once, and answered the same each time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from crm.exceptions import KeyReused
from crm.models import Company, IdempotentRequest

KEPT_H = 24


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a request was answered."""

    status: int
    body: str
    etag: str = ""
    is_repeated: bool = False


def once(company: Company, key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """Do the work, unless a request of the company with this key was answered before: then give that answer.

    The key is written in the transaction of the work: a repeat at the same moment waits for it, a crash
    leaves neither, and a refusal leaves the key free.

    Raises:
        KeyReused: the key belongs to a different request.
    """
    with transaction.atomic():
        made = IdempotentRequest.objects.bulk_create(
            [IdempotentRequest(company=company, key=key, fingerprint=fingerprint, status=0, body="")],
            ignore_conflicts=True,
        )
        known = IdempotentRequest.objects.select_for_update().get(company=company, key=key)
        if known.fingerprint != fingerprint:
            raise KeyReused("This Idempotency-Key was used with another request; use a new one for a new request.")
        if known.status:
            return Answer(status=known.status, body=known.body, etag=known.etag, is_repeated=True)
        assert made
        answer = work()
        IdempotentRequest.objects.filter(pk=known.pk).update(
            status=answer.status, body=answer.body, etag=answer.etag
        )  # fmt: skip
        return answer


def forget_old_keys() -> int:
    """Delete keys older than `KEPT_H` hours; how many there were."""
    deleted, _ = IdempotentRequest.objects.filter(created_at__lt=timezone.now() - timedelta(hours=KEPT_H)).delete()
    return deleted

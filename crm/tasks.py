"""Celery doors of the CRM."""

from celery import shared_task

from crm.services import idempotency, statistics


@shared_task(name="crm.refresh_dashboard_stats", ignore_result=True)
def refresh_dashboard_stats() -> None:
    """Compute every company's figures anew."""
    statistics.stats_refresh()


@shared_task(name="crm.forget_idempotency_keys", ignore_result=True)
def forget_idempotency_keys() -> None:
    """Delete keys of requests that nobody repeats any more."""
    idempotency.forget_old_keys()

"""The Celery application. Queues, schedule and delivery are settings, all in settings.py."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")

app = Celery("quotepro")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@beat_init.connect
def start_embedded(**_: Any) -> None:
    """Starts the embedded servers, when the settings name no others, before a worker or beat looks for its broker."""
    from quotepro.embedded import EmbeddedError
    from quotepro.services import services_start

    try:
        services_start()
    except EmbeddedError as error:
        sys.exit(str(error))

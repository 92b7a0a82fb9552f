"""Web entry point: ``gunicorn quotepro.wsgi``."""

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from quotepro.services import services_start

# Many are answered at once: helpers of one statement take some milliseconds to start, and a processor from the others.
settings.DATABASES["default"]["OPTIONS"]["options"] += " -c max_parallel_workers_per_gather=0"
services_start()
application = get_wsgi_application()
# Every view with all it needs, once for all workers: the first request of each would wait a second for them.
_ = get_resolver().url_patterns
# Nor is what is loaded looked through for garbage again and again: a full pass takes a worker a tenth of a second.
gc.collect()
gc.freeze()

"""Web entry point: ``gunicorn quotepro.wsgi``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from quotepro.services import services_start

services_start()
application = get_wsgi_application()
# Every view with all it needs, once for all workers: the first request of each would wait a second for them.
_ = get_resolver().url_patterns

"""Web entry point: ``gunicorn quotepro.wsgi``."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "quotepro.settings")

from django.core.wsgi import get_wsgi_application

from quotepro.services import services_start

services_start()
application = get_wsgi_application()

"""The few overrides tests need.

Without DATABASE_URL the suite has an embedded PostgreSQL of its own below ``.quotepro/test``; it always has a
Valkey of its own, so that no test meets another one's tasks. Both are started by the fixtures in conftest.py.
"""

import os
import tempfile
from pathlib import Path

from quotepro import env
from quotepro.embedded.places import Places
from quotepro.settings import *  # noqa: F403
from quotepro.settings import BASE_DIR, DATABASES, DJANGO_ENV, MIDDLEWARE, POSTGRES_IS_EMBEDDED
from quotepro.settings import DATABASE_URL as CONFIGURED_DATABASE_URL

if DJANGO_ENV == "production":
    raise env.SettingRefused("DJANGO_ENV=production does not run tests; unset it.")

TEST_DIR = BASE_DIR / ".quotepro" / "test"
DATABASE_URL = Places.below(TEST_DIR).postgres_url() if POSTGRES_IS_EMBEDDED else CONFIGURED_DATABASE_URL
DATABASES = {"default": DATABASES["default"] | env.postgres_settings(DATABASE_URL)}

TEST_VALKEY_DIR = Path(tempfile.gettempdir()) / f"quotepro-test-{os.getpid()}"
VALKEY_IS_EMBEDDED = False
REDIS_URL = Places.below(TEST_VALKEY_DIR).valkey_url()
CELERY_BROKER_URL = CELERY_RESULT_BACKEND = env.celery_url(REDIS_URL)
CACHES = {"default": {"BACKEND": "quotepro.tests.cache.LocalCountingCache"}}

# Fast and worthless, as the users are.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests of the comparing ask for it, company by company: its thread would outlive all others.
QUOTEPRO_SHADOW_PERCENT = 0
# It warns where collectstatic has not run, and no test asks for static files.
MIDDLEWARE = [name for name in MIDDLEWARE if not name.startswith("whitenoise.")]
# Tests sign in without a request, and fail to on purpose; those of the throttle switch it on.
AXES_ENABLED = False

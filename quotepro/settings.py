"""Settings of QuotePro. Values come from the environment through env.py; importing this starts nothing.

Sections, in this order: environment, security, applications, requests, database, Redis, Celery, the move, API, sign-in,
language, static files, admin theme, profiling, logging.
"""

import random
import warnings
from datetime import timedelta
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.http import HttpRequest
from django.templatetags.static import static
from kombu.entity import Queue

from quotepro import env
from quotepro.embedded.binaries import client_folders
from quotepro.embedded.places import Places
from quotepro.navigation import NAVIGATION

# --- Environment ----------------------------------------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
DJANGO_ENV = env.choice("DJANGO_ENV", ("development", "production"), "development")
IS_PRODUCTION = DJANGO_ENV == "production"
# Off unless asked for: with DEBUG Django keeps every query of a long migration in memory.
DEBUG = env.flag("DEBUG", default=False)
if DEBUG and IS_PRODUCTION:
    raise env.SettingRefused("DEBUG=1 shows settings and data to visitors; unset it, or set DJANGO_ENV=development.")

if IS_PRODUCTION:
    # All at once: nobody wants to meet them one deployment at a time.
    env.require("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ALLOWED_HOSTS", why="DJANGO_ENV=production needs them")

# --- Security -------------------------------------------------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
if IS_PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise env.SettingRefused(
        "SECRET_KEY is shorter than 50 characters or too plain for DJANGO_ENV=production; "
        "make one with: python -c 'import secrets; print(secrets.token_urlsafe(64))'"
    )
SECRET_KEY = SECRET_KEY or "development only: sessions signed with this are worth nothing"
ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", () if IS_PRODUCTION else ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS")
X_FRAME_OPTIONS = "DENY"
# Scripts come from our own files only, so what is recorded in a row never becomes one. The theme's Alpine evaluates
# attributes and writes styles; the profiler, switched on for superusers only, has scripts in its pages.
CONTENT_SECURITY_POLICY = {
    # Answers of the API are no pages: they say so by their type, which no browser may guess otherwise.
    "EXCLUDE_URL_PREFIXES": ["/silk/", "/api/"],
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_PRODUCTION
SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=IS_PRODUCTION)
SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 31_536_000 if IS_PRODUCTION else 0, low=0, high=63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_PRODUCTION
# Only behind a proxy that sets the header itself: anybody else could claim to have come by TLS.
TRUST_PROXY_HEADERS = env.flag("TRUST_PROXY_HEADERS", default=False)
if TRUST_PROXY_HEADERS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Applications ---------------------------------------------------------------------------------------------------

SILK = env.flag("SILK", default=False)
# Of all requests, while SILK=1; each one that is recorded takes 5 to 12 ms more.
SILK_SAMPLE_PERCENT = env.integer("SILK_SAMPLE_PERCENT", 0, low=0, high=100)
INSTALLED_APPS = [
    "unfold",  # before the admin, whose templates it replaces
    "django.contrib.admin.apps.SimpleAdminConfig",  # commands and workers need no pages: urls.py discovers them
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_extensions",
    "axes",
    "quotepro",
    "legacy",
    "crm",
    "migration_ops",
    *(["silk"] if SILK else []),
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Requests -------------------------------------------------------------------------------------------------------

MIDDLEWARE = [
    # Outermost: refusals and redirects of the API carry its headers too, and errors are problems, not pages.
    "migration_ops.api.middleware.EndOfV1",
    "crm.api.middleware.ApiBoundary",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "quotepro.refusals.RefusedRequests",
    "axes.middleware.AxesMiddleware",
    # After authentication: it records for the superuser who asks, so it must know who asks.
    *(["silk.middleware.SilkyMiddleware"] if SILK else []),
]
ROOT_URLCONF = "quotepro.urls"
WSGI_APPLICATION = "quotepro.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database -------------------------------------------------------------------------------------------------------

QUOTEPRO_DIR = Path(env.text("QUOTEPRO_DIR", str(BASE_DIR / ".quotepro")))
DATABASE_URL = env.text("DATABASE_URL")
POSTGRES_IS_EMBEDDED = not DATABASE_URL
DATABASE_URL = DATABASE_URL or Places.below(QUOTEPRO_DIR).postgres_url()
DATABASES = {
    "default": env.postgres_settings(DATABASE_URL)
    # Persistent: a connection for each request took p95 from 121 ms to 580 ms at 100 users. What the check of a
    # connection's health costs a request is saved where its socket says enough (quotepro/connections.py).
    | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True}
}
# Looked into before PATH for pg_dump and pg_restore; the server's major version decides which are taken.
POSTGRES_CLIENT_FOLDERS = client_folders()
USE_TZ = True
TIME_ZONE = "UTC"

# --- Redis ----------------------------------------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL")
VALKEY_IS_EMBEDDED = not REDIS_URL
REDIS_URL = env.redis_url(REDIS_URL or Places.below(QUOTEPRO_DIR).valkey_url())
CACHES = {
    "default": {
        "BACKEND": "quotepro.counting.CountingCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "quotepro",
    }
}

# --- Celery ---------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = CELERY_RESULT_BACKEND = env.celery_url(REDIS_URL)
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_TASK_DEFAULT_QUEUE = "default"
QUEUES = ("default", "migration", "mirror")
CELERY_TASK_QUEUES = [Queue(name) for name in QUEUES]  # type: ignore[no-untyped-call]
# By name, here and not at the task: long slices of a migration must not keep the others waiting.
CELERY_TASK_ROUTES = {"migration_ops.apply_changes": {"queue": "mirror"}, "migration_ops.*": {"queue": "migration"}}
CELERY_TASK_CREATE_MISSING_QUEUES = False  # a misspelt queue is an error, not a place where work waits for ever
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_EXPIRES = 86_400
CELERY_TIMEZONE = "UTC"
# How long until the work of a killed worker is given to another one. It must be longer than any task and any
# countdown (a longer one is delivered twice); tasks here are bounded slices of minutes and may be repeated.
CELERY_VISIBILITY_TIMEOUT_S = env.integer("CELERY_VISIBILITY_TIMEOUT_S", 3_600, low=1, high=604_800)
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT_S}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": CELERY_VISIBILITY_TIMEOUT_S}
HEARTBEAT_S = env.integer("HEARTBEAT_S", 15, low=1, high=3_600)
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    # Expires with its successor: without a worker the queue holds one beat, not a night of them.
    "heartbeat": {"task": "quotepro.heartbeat", "schedule": HEARTBEAT_S, "options": {"expires": HEARTBEAT_S}},
    "recover-runs": {"task": "migration_ops.recover_runs", "schedule": 15, "options": {"expires": 15}},
    "refresh-statistics": {"task": "crm.refresh_dashboard_stats", "schedule": 3_600, "options": {"expires": 3_600}},
    "forget-idempotency-keys": {
        "task": "crm.forget_idempotency_keys",
        "schedule": 3_600,
        "options": {"expires": 3_600},
    },
    "check-capture": {"task": "migration_ops.check_capture", "schedule": 60, "options": {"expires": 60}},
    "sample-merges": {
        "task": "migration_ops.sample_merges",
        "schedule": crontab(hour=5, minute=0),
        "options": {"expires": 3_600},
    },
    "notices": {"task": "migration_ops.notice", "schedule": 30, "options": {"expires": 30}},
    "apply-changes": {"task": "migration_ops.apply_changes", "schedule": 10, "options": {"expires": 10}},
}

# --- Notices ----------------------------------------------------------------------------------------------------

NOTIFY_EVENTS = env.some_of("NOTIFY_EVENTS", ("run_finished", "run_failed", "run_stalled", "gate_voided", "quarantine"))
NOTIFY_EMAIL_TO = env.names("NOTIFY_EMAIL_TO")
NOTIFY_WEBHOOK_URL = env.web_address("NOTIFY_WEBHOOK_URL")
NOTIFY_SITE_URL = env.web_address("NOTIFY_SITE_URL")
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 25, low=1, high=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "quotepro@localhost")

# --- The move -------------------------------------------------------------------------------------------------------

# What each means is said in migration_ops/conf.py, which reads them.
QUOTEPRO_BATCH_ROWS = env.integer("QUOTEPRO_BATCH_ROWS", 5_000, low=1, high=50_000)
QUOTEPRO_EXPORTS_PER_HOUR = env.integer("QUOTEPRO_EXPORTS_PER_HOUR", 20, low=1, high=1_000)
QUOTEPRO_INDEXES_ASIDE_FROM_ROWS = env.integer("QUOTEPRO_INDEXES_ASIDE_FROM_ROWS", 20_000, low=1, high=1_000_000_000)
QUOTEPRO_HEARTBEAT_S = env.integer("QUOTEPRO_HEARTBEAT_S", 2, low=1, high=60)
QUOTEPRO_NOTICE_STALLED_S = env.integer("QUOTEPRO_NOTICE_STALLED_S", 60, low=3, high=86_400)
QUOTEPRO_STALLED_S = env.integer("QUOTEPRO_STALLED_S", 15, low=3, high=3_600)
QUOTEPRO_LOCK_TIMEOUT_MS = env.integer("QUOTEPRO_LOCK_TIMEOUT_MS", 2_000, low=1, high=600_000)
QUOTEPRO_BATCH_TARGET_MS = env.integer("QUOTEPRO_BATCH_TARGET_MS", 1_000, low=0, high=600_000)
QUOTEPRO_STATEMENT_TIMEOUT_MS = env.integer("QUOTEPRO_STATEMENT_TIMEOUT_MS", 600_000, low=1_000, high=86_400_000)
QUOTEPRO_ENQUEUED_SLICES = env.integer("QUOTEPRO_ENQUEUED_SLICES", 2, low=1, high=64)
QUOTEPRO_VALIDATION_CHUNK_ROWS = env.integer("QUOTEPRO_VALIDATION_CHUNK_ROWS", 5_000, low=1, high=50_000)
QUOTEPRO_RECHECK_MS = env.integer("QUOTEPRO_RECHECK_MS", 300, low=0, high=60_000)
QUOTEPRO_APPLY_ROWS = env.integer("QUOTEPRO_APPLY_ROWS", 200, low=1, high=5_000)
QUOTEPRO_APPLY_POLL_MS = env.integer("QUOTEPRO_APPLY_POLL_MS", 500, low=10, high=60_000)
QUOTEPRO_FENCE_WAIT_MS = env.integer("QUOTEPRO_FENCE_WAIT_MS", 1_000, low=1, high=60_000)
QUOTEPRO_FENCE_DRAIN_MS = env.integer("QUOTEPRO_FENCE_DRAIN_MS", 1_000, low=1, high=60_000)
QUOTEPRO_SHADOW_PERCENT = env.integer("QUOTEPRO_SHADOW_PERCENT", 10, low=0, high=100)
QUOTEPRO_SHADOW_BUDGET_MS = env.integer("QUOTEPRO_SHADOW_BUDGET_MS", 3_000, low=10, high=600_000)
QUOTEPRO_SHADOW_QUEUE = env.integer("QUOTEPRO_SHADOW_QUEUE", 100, low=1, high=10_000)
QUOTEPRO_SHADOW_ROWS = env.integer("QUOTEPRO_SHADOW_ROWS", 1_000, low=1, high=1_000_000)
QUOTEPRO_SHADOW_DAYS = env.integer("QUOTEPRO_SHADOW_DAYS", 7, low=1, high=365)
QUOTEPRO_BACKUP_AGE_H = env.integer("QUOTEPRO_BACKUP_AGE_H", 24, low=1, high=8_760)
QUOTEPRO_EVIDENCE_AGE_H = env.integer("QUOTEPRO_EVIDENCE_AGE_H", 24, low=1, high=8_760)
QUOTEPRO_DRILL_AGE_D = env.integer("QUOTEPRO_DRILL_AGE_D", 90, low=1, high=3_650)
QUOTEPRO_RETIRE_QUIET_D = env.integer("QUOTEPRO_RETIRE_QUIET_D", 30, low=0, high=3_650)
QUOTEPRO_RETIRE_ROWS = env.integer("QUOTEPRO_RETIRE_ROWS", 1_000, low=1, high=50_000)
if QUOTEPRO_STALLED_S <= QUOTEPRO_HEARTBEAT_S:
    raise env.SettingRefused(
        f"QUOTEPRO_STALLED_S={QUOTEPRO_STALLED_S} is not longer than QUOTEPRO_HEARTBEAT_S={QUOTEPRO_HEARTBEAT_S}: "
        "every run would count as stalled; raise it."
    )

# --- API ------------------------------------------------------------------------------------------------------------

API_MAX_BODY_BYTES = env.integer("API_MAX_BODY_BYTES", 1_000_000, low=1_000, high=100_000_000)
DATA_UPLOAD_MAX_MEMORY_SIZE = API_MAX_BODY_BYTES
# For each token. A program that pages through everything needs five a second.
API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 1_200, low=1, high=10_000_000)
LEGACY_API_DEPRECATED_AT = env.day("LEGACY_API_DEPRECATED_AT", "2026-12-01")
LEGACY_API_SUNSET_AT = env.day("LEGACY_API_SUNSET_AT", "2027-12-01")
if LEGACY_API_SUNSET_AT < LEGACY_API_DEPRECATED_AT:
    raise env.SettingRefused(
        f"LEGACY_API_SUNSET_AT={LEGACY_API_SUNSET_AT:%Y-%m-%d} is before "
        f"LEGACY_API_DEPRECATED_AT={LEGACY_API_DEPRECATED_AT:%Y-%m-%d}: deprecate first."
    )
# While the move goes on, a write of a deal reaches both sides, and its story has the legacy row.
CRM_DEAL_WRITES = "migration_ops.dual_write.deals.BothSides"
CRM_DEAL_STORY = "migration_ops.selectors.story.legacy_chapters"

# --- Sign-in --------------------------------------------------------------------------------------------------------

# The throttle comes first: while it holds somebody back, no password is tried.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
SIGN_IN_TRIES = env.integer("SIGN_IN_TRIES", 10, low=3, high=1_000)
AXES_FAILURE_LIMIT = SIGN_IN_TRIES
AXES_COOLOFF_TIME = timedelta(minutes=env.integer("SIGN_IN_PAUSE_MINUTES", 15, low=1, high=1_440))
# Either is enough: one name from many addresses, or many names from one.
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_CLIENT_IP_CALLABLE = "quotepro.sign_in.client_address"
AXES_USERNAME_CALLABLE = "quotepro.sign_in.folded_username"
AXES_ENABLE_ADMIN = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# --- Language -------------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# One language: what looks each text up in others would be a tenth of a page.
USE_I18N = False

# --- Static files ---------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = not IS_PRODUCTION  # development needs no collectstatic
if not IS_PRODUCTION:
    warnings.filterwarnings("ignore", message="No directory at: .*staticfiles")
_STATIC_STORAGE = (
    "whitenoise.storage.CompressedManifestStaticFilesStorage"
    if IS_PRODUCTION
    else "django.contrib.staticfiles.storage.StaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}

# --- Admin theme ----------------------------------------------------------------------------------------------------

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "QuotePro",
    "SITE_HEADER": "QuotePro",
    "SITE_SYMBOL": "request_quote",
    "SIDEBAR": {"navigation": NAVIGATION},
    # While the move goes on, the admin opens on its state.
    "DASHBOARD_CALLBACK": "migration_ops.admin.dashboard.front_page",
    "STYLES": [lambda request: static("quotepro/admin.css")],
}
# What a member of staff may not see does not exist for them.
CRM_COMPANY_SCOPE = LEGACY_COMPANY_SCOPE = "crm.selectors.access.companies_of"
# While the move goes on, the pages of both sides link to what it knows of them.
CRM_ADMIN_LINKS = LEGACY_ADMIN_LINKS = "migration_ops.admin.story.links_of"
LEGACY_ROW_FINDER = "migration_ops.selectors.finding.legacy_ids_of"
# Writes through this application reach the other side inside their own transaction.
LEGACY_WRITE_GUARD = "migration_ops.dual_write.inline.legacy_writes"
CRM_WRITE_GUARD = "migration_ops.dual_write.inline.crm_writes"
# And what it keeps of contacts and addresses follows when the CRM merges customers.
CRM_MERGE_COMPANION = "migration_ops.identity.companion.LegacyCompanion"

# --- Profiling ------------------------------------------------------------------------------------------------------


def is_superuser(user: Any) -> bool:
    """Whether the user may see what silk recorded."""
    return bool(user.is_active and user.is_superuser)


def wants_profile(request: HttpRequest) -> bool:
    """Whether silk records this request: a superuser asked by setting a cookie named silk, or it is in the sample."""
    user = getattr(request, "user", None)
    if "silk" in request.COOKIES and user is not None and is_superuser(user):
        return True
    return random.random() * 100 < SILK_SAMPLE_PERCENT


if SILK:
    # Its defaults are open: no sign-in, no permission, customer data kept in recorded bodies.
    SILKY_AUTHENTICATION = SILKY_AUTHORISATION = True
    SILKY_PERMISSIONS = is_superuser
    SILKY_MAX_REQUEST_BODY_SIZE = SILKY_MAX_RESPONSE_BODY_SIZE = 0
    SILKY_MAX_RECORDED_REQUESTS = 5_000
    SILKY_PYTHON_PROFILER = False
    SILKY_INTERCEPT_FUNC = wants_profile

# --- Logging --------------------------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    # stderr: the last line of stdout belongs to --json.
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # Django's own handler would print a line twice.
    "loggers": {"django": {"handlers": [], "propagate": True}},
}

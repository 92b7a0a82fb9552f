"""T56: what Django's own checks say about production, and what the session cookie is."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from quotepro.tests.processes import clean_env, run_manage

ROOT = Path(__file__).resolve().parents[2]

PRODUCTION = {
    "DJANGO_ENV": "production", "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "crm.example.com", "DATABASE_URL": "postgres://u@db.example/quotepro",
    "REDIS_URL": "redis://redis.example/0",
}  # fmt: skip


def test_djangos_deployment_checks_find_nothing():
    done = run_manage("check", "--deploy", "--fail-level", "WARNING", env=PRODUCTION)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_session_cookie_stays_on_https_and_out_of_frames():
    done = run_manage("diffsettings", "--all", env=PRODUCTION)
    assert done.returncode == 0, done.stderr
    for line in ("SESSION_COOKIE_SECURE = True", "SESSION_COOKIE_HTTPONLY = True", "SESSION_COOKIE_SAMESITE = 'Lax'",
                 "CSRF_COOKIE_SECURE = True", "X_FRAME_OPTIONS = 'DENY'"):  # fmt: skip
        assert line in done.stdout


@pytest.mark.django_db
def test_statements_of_the_web_server_have_no_helpers(test_database_url):
    asked = "import quotepro.wsgi; from django.db import connection as c; k = c.cursor(); "
    asked += "k.execute('SHOW max_parallel_workers_per_gather'); print(k.fetchone()[0])"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, timeout=60,
        env=clean_env({"DATABASE_URL": test_database_url, "REDIS_URL": settings.REDIS_URL}),
    )  # fmt: skip
    assert done.stdout.strip() == "0", done.stderr

"""T56: what Django's own checks say about production, and what the session cookie is."""

from quotepro.tests.processes import run_manage

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

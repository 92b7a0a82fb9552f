"""The scaffolding comes down: as the runbook says it, and the CRM does not notice (X5)."""

import json
import subprocess
import sys
from pathlib import Path

import psycopg
from django.conf import settings

from quotepro.tests.processes import clean_env, run_manage

# Settings as the runbook leaves them: every line that names the move is gone.
SETTINGS = """
from quotepro.settings import *

MOVE = "migration_ops"
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != MOVE]
MIDDLEWARE = [each for each in MIDDLEWARE if not each.startswith(MOVE)]
CELERY_TASK_ROUTES = {name: route for name, route in CELERY_TASK_ROUTES.items() if not name.startswith(MOVE)}
CELERY_BEAT_SCHEDULE = {name: beat for name, beat in CELERY_BEAT_SCHEDULE.items() if not beat["task"].startswith(MOVE)}
NAVIGATION = [each for each in NAVIGATION if each["title"] != "Migration"]
UNFOLD = {name: value for name, value in UNFOLD.items() if not (isinstance(value, str) and value.startswith(MOVE))}
UNFOLD["SIDEBAR"] = {"navigation": NAVIGATION}
for name in [name for name, value in globals().items() if name.startswith(("CRM_", "LEGACY_")) and MOVE in str(value)]:
    del globals()[name]
LAZY = ("NAVIGATION", "UNFOLD")
left = [name for name, value in globals().items() if name.isupper() and name not in LAZY and MOVE + "." in str(value)]
assert not left, left
ROOT_URLCONF = "alone_urls"
ALLOWED_HOSTS = ["testserver"]
"""
URLS = """
from django.contrib import admin
from django.urls import include, path

import crm.api.urls

admin.autodiscover()
urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v2/", include((crm.api.urls.urlpatterns, "ninja"), namespace="api-v2")),
]
"""
# A deal from lead to payment, and the pages of the CRM; once for each line of stdin, in one process.
USE = """
import json, sys
import django
django.setup()
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from crm.models import Company, Scope
from crm.services.tokens import token_create

call_command("migrate", check_unapplied=True, verbosity=0)
call_command("check")
root = User.objects.create_superuser("root")
_, secret = token_create(Company.objects.create(name="Alone", slug="alone"), name="t", scopes=Scope.values, created_by="t")
client = Client()

def ask(method, path, body=None, **headers):
    sent = {"Authorization": f"Bearer {secret}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    data = json.dumps(body).encode() if body is not None else b""
    answer = client.generic(method, f"/api/v2/{path}", data, content_type="application/json" if data else "", headers=sent)
    assert answer.status_code in (200, 201), (path, answer.status_code, answer.content)
    return json.loads(answer.content)

for _ in sys.stdin:
    lead = ask("POST", "leads", {"customer": {"name": "Ann Miller", "email": "ann@miller.example"}})
    quote = ask("POST", "quotes/generate", {"lead_id": lead["id"], "description": "tap"})["quote"]["id"]
    ask("PATCH", f"quotes/{quote}", {"items": [{"name": "Tap", "quantity": "1", "unit_price": "12.50"}]}, If_Match="*")
    ask("POST", f"quotes/{quote}/send")
    ask("POST", f"quotes/{quote}/accept")
    job = ask("POST", "jobs", {"quote_id": quote})["id"]
    invoice = ask("POST", "invoices", {"job_id": job})["id"]
    ask("POST", f"invoices/{invoice}/send")
    paid = ask("POST", f"invoices/{invoice}/pay", {"method": "card", "amount": "12.50"})
    client.force_login(root)
    pages = [f"/admin/crm/{name}/" for name in ("company", "customer", "lead", "quote", "job", "invoice", "payment")]
    pages += ["/admin/", "/admin/legacy/legacyquote/", f"/admin/crm/quote/{quote}/change/"]
    status = {page: client.get(page, follow=True).status_code for page in pages}
    print(json.dumps({"status": paid["status"], "pages": status, "move": "migration_ops" in sys.modules}), flush=True)
"""
LEFT = (
    "SELECT relname FROM pg_class WHERE relname ~ '^(migration|qp)_' AND relnamespace = 'public'::regnamespace"
    " UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'qp\\_%'"
    " UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'qp\\_%'"
)


def test_the_crm_works_while_and_after_the_move_is_taken_down(scratch_database_url, redis_server, tmp_path):
    """First the code that does not know the move, then the tables go: a process lives through it."""
    env = {"DATABASE_URL": scratch_database_url, "REDIS_URL": redis_server}
    made = run_manage("migrate", "--verbosity", "0", env=env)
    assert made.returncode == 0, made.stderr
    with psycopg.connect(scratch_database_url) as session:
        session.execute("CREATE SEQUENCE qp_refused_00000000000000000000000000000001")
    (tmp_path / "alone_settings.py").write_text(SETTINGS)
    (tmp_path / "alone_urls.py").write_text(URLS)
    errors = tmp_path / "err"
    with (
        errors.open("w") as log,
        subprocess.Popen(
            [sys.executable, "-c", USE], cwd=settings.BASE_DIR, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=log,
            env=clean_env(env | {"DJANGO_SETTINGS_MODULE": "alone_settings", "PYTHONPATH": str(tmp_path)}),
        ) as process,
    ):  # fmt: skip
        use(process, errors)
        gone = run_manage("migrate", "migration_ops", "zero", "--verbosity", "0", env=env)
        assert gone.returncode == 0, gone.stderr
        with psycopg.connect(scratch_database_url) as session:
            assert session.execute(LEFT).fetchall() == []
        use(process, errors)
    assert process.returncode == 0, errors.read_text()


def use(process: "subprocess.Popen[str]", errors: Path) -> None:
    process.stdin.write("go\n")
    process.stdin.flush()
    line = next((line for line in process.stdout if line.startswith("{")), None)
    assert line, errors.read_text()
    told = json.loads(line)
    assert told["status"] == "paid"
    assert set(told["pages"].values()) == {200}, told["pages"]
    assert told["move"] is False

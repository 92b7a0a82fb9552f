import json

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from quotepro.tests.processes import run_manage

VISITS = """
import json
from django.contrib.auth.models import User
from django.test import Client
from silk.models import Request
found = {}
def visit(name, user, **cookies):
    client = Client(SERVER_NAME="localhost")
    if user:
        client.force_login(user)
    client.cookies.load(cookies)
    before = Request.objects.count()
    status = client.get("/silk/").status_code
    client.get("/admin/login/?secret=1", {"body": "x"})
    found[name] = [status, Request.objects.count() - before]
staff = User.objects.create_user("staff", is_staff=True)
root = User.objects.create_superuser("root")
visit("anonymous", None)
visit("anonymous asking", None, silk="1")
visit("staff asking", staff, silk="1")
visit("superuser", root)
visit("superuser asking", root, silk="1")
print(json.dumps(found))
"""

SAMPLE = """
import json
from django.test import Client
from silk.models import Request
before = Request.objects.count()
for _ in range(120):
    Client(SERVER_NAME="localhost").post("/admin/login/", {"username": "secret"})
sampled = Request.objects.order_by("-start_time")[:Request.objects.count() - before]
print(json.dumps([len(sampled), sum("secret" in (each.raw_body + each.body) for each in sampled)]))
"""


def test_profiler_is_not_installed_unless_asked_for():
    assert "silk" not in settings.INSTALLED_APPS
    assert not [name for name in settings.MIDDLEWARE if "silk" in name]
    try:
        reverse("silk:summary")
    except NoReverseMatch:
        return
    raise AssertionError("silk is mounted")


def test_profiler_shows_and_records_for_superusers_who_ask(scratch_database_url):
    env = {"SILK": "1", "DATABASE_URL": scratch_database_url, "REDIS_URL": settings.REDIS_URL}
    migrated = run_manage("migrate", "--verbosity", "0", env=env)
    assert migrated.returncode == 0, migrated.stderr
    done = run_manage("shell", "--verbosity", "0", "--command", VISITS, env=env)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "anonymous": [302, 0],
        "anonymous asking": [302, 0],
        "staff asking": [403, 0],
        "superuser": [200, 0],
        "superuser asking": [200, 1],
    }
    done = run_manage("shell", "--verbosity", "0", "--command", SAMPLE, env=env | {"SILK_SAMPLE_PERCENT": "25"})
    assert done.returncode == 0, done.stderr
    recorded, with_body = json.loads(done.stdout.splitlines()[-1])
    assert 10 <= recorded <= 60  # of 120; without the sample none, without its limit all of them
    assert with_body == 0

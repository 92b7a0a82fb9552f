"""A certificate in a real browser: light, dark, and on paper."""

import pytest
from django.urls import reverse

from migration_ops.cutover import findings
from migration_ops.models import Finding
from migration_ops.tests.browser.test_cases import CHROMIUM, browser, shot, sign_in  # noqa: F401 - the fixture
from migration_ops.tests.retirement.conftest import company, people, signed  # noqa: F401 - the fixtures

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium (Debian: apt-get install chromium)"),
]


def test_it_is_read_on_a_screen_and_printed(browser, live_server, django_user_model, company, signed):  # noqa: F811
    django_user_model.objects.create_superuser("ann", password="secret")
    address = live_server.url + reverse("admin:migration_ops_certificate_page", args=[signed.pk])
    for scheme in ("light", "dark"):
        page = sign_in(browser, live_server, "ann", scheme=scheme)
        page.goto(address)
        assert page.inner_text(".qp-verdict") == "Holds"
        assert page.is_visible(".qp-actions")
        assert not page.is_visible(".qp-sign")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        shot(page, f"certificate-{scheme}")
        page.emulate_media(media="print", color_scheme=scheme)
        assert page.is_visible(".qp-sign")
        assert not page.is_visible(".qp-actions")
        assert not page.is_visible("#nav-sidebar")
        assert page.evaluate("document.querySelector('.qp-certificate').getBoundingClientRect().left") < 20
        assert page.evaluate("getComputedStyle(document.querySelector('.qp-certificate h1')).color") == "rgb(0, 0, 0)"
        shot(page, f"certificate-print-{scheme}")
        assert page.errors == []
    findings.record(company, Finding.Kind.REPAIR, "1 rows")
    page.emulate_media(media="screen")
    page.reload()
    assert page.inner_text(".qp-verdict").startswith("Superseded by a finding: Drift was repaired")

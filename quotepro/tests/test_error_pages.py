import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client, override_settings
from django.urls import path

from quotepro import urls


def broken(_request) -> HttpResponse:
    raise RuntimeError("planted")


class WithABrokenPage:
    urlpatterns = [path("broken/", broken), *urls.urlpatterns]


def test_an_unknown_address_gets_our_page(client):
    response = client.get("/nothing-here/")
    assert response.status_code == 404
    assert "Not found – QuotePro" in response.content.decode()


@override_settings(ROOT_URLCONF=WithABrokenPage)
def test_an_error_gets_our_page_and_none_of_its_details():
    response = Client(raise_request_exception=False).get("/broken/")
    assert response.status_code == 500
    page = response.content.decode()
    assert "Something went wrong – QuotePro" in page
    assert "planted" not in page


def test_a_form_without_token_gets_our_page():
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "a", "password": "b"})
    assert response.status_code == 403
    assert "The form has expired – QuotePro" in response.content.decode()


@pytest.mark.parametrize("page", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_need_no_context_and_load_nothing(page):
    rendered = render_to_string(f"{page}.html")
    assert rendered.startswith("<!doctype html>")
    # They must work while everything else is broken, and under the strictest content security policy.
    for foreign in ("<script", "<style", "<link", "style=", "src="):
        assert foreign not in rendered

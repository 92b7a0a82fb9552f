"""The sign-in page holds back who guesses: by name however spelled, and by address."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

pytestmark = pytest.mark.django_db
LIMIT = 3


@pytest.fixture(autouse=True)
def throttle(settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = LIMIT
    User.objects.create_user("kim", password="right", is_staff=True)


def sign_in(client, name, password, **headers):
    return client.post(reverse("admin:login"), {"username": name, "password": password}, **headers)


def test_one_name_from_many_addresses(client):
    for number in range(LIMIT):
        sign_in(client, "kim", "wrong", REMOTE_ADDR=f"192.0.2.{number}")
    held = sign_in(client, "kim", "right", REMOTE_ADDR="192.0.2.99")
    assert held.status_code == 429
    assert "Too many tries" in held.content.decode()


@pytest.mark.parametrize("spelled", ["KIM", "\uff4bim", "\u212aim"])
def test_another_spelling_is_the_same_name(client, spelled):
    for _ in range(LIMIT):
        sign_in(client, spelled, "wrong")
    assert sign_in(client, "kim", "right", REMOTE_ADDR="192.0.2.99").status_code == 429


def test_many_names_from_one_address_whatever_it_claims(client):
    for number in range(LIMIT):
        sign_in(client, f"user{number}", "wrong", HTTP_X_FORWARDED_FOR=f"198.51.100.{number}")
    assert sign_in(client, "kim", "right", HTTP_X_FORWARDED_FOR="198.51.100.77").status_code == 429
    assert sign_in(client, "kim", "right", REMOTE_ADDR="192.0.2.1").status_code == 302


def test_behind_a_trusted_proxy_the_address_it_saw_counts(client, settings):
    settings.TRUST_PROXY_HEADERS = True
    for number in range(LIMIT):
        sign_in(client, f"user{number}", "wrong", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}, 198.51.100.7")
    assert sign_in(client, "kim", "right", HTTP_X_FORWARDED_FOR="10.0.0.9, 198.51.100.7").status_code == 429
    assert sign_in(client, "kim", "right", HTTP_X_FORWARDED_FOR="10.0.0.9, 198.51.100.8").status_code == 302


def test_who_is_known_and_who_is_not_are_told_the_same(client):
    known, unknown = (
        re.sub(r'value="\w{64}"', "", sign_in(client, name, "wrong").content.decode()).replace(name, "")
        for name in ("kim", "nobody")
    )
    assert known == unknown


def test_signing_in_forgets_the_misses(client):
    for _ in range(3):
        for _ in range(LIMIT - 1):
            sign_in(client, "kim", "wrong")
        assert sign_in(client, "kim", "right").status_code == 302

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.models import ApiToken, Company, Customer, Quote
from crm.selectors import estimates
from crm.selectors.browse import quotes_found
from crm.selectors.search import company_word
from crm.services.drafting import draft
from crm.tests.admin.rows import HOSTILE, a_company, deals

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    made = a_company()
    deals(made, 3)
    return made


def more(company: Company, number: int) -> None:
    """So many more quotes, each a minute older than the one before."""
    template = Quote.objects.filter(company=company).first()
    for place in range(number):
        template.pk = None
        template._state.adding = True
        template.id = Quote._meta.get_field("id").get_default()
        template.lead = None
        template.quote_number = f"MORE-{place:03}"
        template.created_at -= timedelta(minutes=1)
        template.save()


def text(response) -> str:
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_goes_on_to_its_end_with_each_quote_once(admin_client, company):
    more(company, 120)
    page = text(admin_client.get(reverse("admin:crm_quote_browse")))
    seen: list[str] = []
    pages = 0
    while True:
        pages += 1
        seen += [part.split("/story/")[0] for part in page.split("/admin/crm/quote/")[1:] if "/story/" in part[:50]]
        if 'class="qp-more"' not in page:
            break
        url = page.split('class="qp-more"')[1].split('href="')[1].split('"')[0].replace("&amp;", "&")
        page = text(admin_client.get(url))
    assert pages == 3
    assert len(seen) == len(set(seen)) == 123


def test_search_and_filters(admin_client, company):
    more(company, 3)
    url = reverse("admin:crm_quote_browse_rows")
    count = lambda **asked: text(admin_client.get(url, asked)).count("/story/")  # noqa: E731
    quote = Quote.objects.get(quote_number="MORE-001")
    assert count(q="MORE-001") == 1
    assert count(q=str(quote.pk)) == 1
    assert count(q="person1@example.com") == 1
    assert count(q="nobody@nowhere.example") == 0
    assert count(status=quote.status) == 6
    assert count(status="draft' OR 1=1 --") == 6
    assert count(q="'; DROP TABLE quotes_new; --") == 0
    assert count(q="x" * 300) == 0


def test_words_find_the_job_and_the_customer(admin_client, company):
    Quote.objects.filter(company=company).update(job_name="Painting", description="Two coats in the hallways")
    Customer.objects.filter(pk=Quote.objects.first().customer_id).update(name="Ann Miller")
    url = reverse("admin:crm_quote_browse_rows")
    assert text(admin_client.get(url, {"q": "paint hallway"})).count("/story/") == 3
    assert text(admin_client.get(url, {"q": "mill ann"})).count("/story/") == 1
    assert text(admin_client.get(url, {"q": "plumbing"})).count("/story/") == 0


def newest_by_index(company: Company, term: str) -> bool:
    """Whether the planner may look for the term by going from the newest quote to the next."""
    with CaptureQueriesContext(connection) as captured:
        quotes_found(company, term=term)
    words = captured[-1]["sql"].split("crm_quote_words(", 1)[1]
    return words.split("ORDER BY ", 1)[1].startswith('"t".created_at DESC')


def test_a_word_that_nobody_used_is_not_looked_for_quote_by_quote(company):
    """The planner expects half a percent of them to have it, and the newest of those soon: it read a million."""
    more(company, 400)
    Quote.objects.filter(company=company).update(job_name="Painting")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_new")
    assert quotes_found(company, term="plumbing") == ([], None)
    assert not newest_by_index(company, "plumbing")
    assert newest_by_index(company, "painting")


def test_a_word_that_all_have_is_found_by_going_from_the_newest_on(company):
    more(company, 400)
    Quote.objects.filter(company=company).update(job_name="Painting")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_new")
    found, more_after = quotes_found(company, term="painting")
    newest = Quote.objects.filter(company=company).order_by("-created_at", "-pk")[:50]
    assert [row.id for row in found] == [quote.pk for quote in newest]
    assert more_after is not None


def test_a_word_that_another_company_uses_is_not_looked_for_quote_by_quote(company):
    other = a_company(2)
    deals(other, 3)
    for each, name in ((company, "Roofing"), (other, "Painting")):
        more(each, 400)
        Quote.objects.filter(company=each).update(job_name=name)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_new")
    assert not newest_by_index(company, "painting")
    assert newest_by_index(other, "painting")
    assert quotes_found(company, term="painting") == ([], None)


def test_a_word_of_the_oldest_quotes_is_not_looked_for_from_the_newest_on(company, monkeypatch):
    monkeypatch.setattr(estimates, "WALK_ROWS", 100)
    more(company, 400)
    oldest = Quote.objects.filter(company=company).order_by("created_at")[:200]
    Quote.objects.filter(pk__in=oldest.values("pk")).update(job_name="Painting")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_new")
    assert not newest_by_index(company, "painting")
    found, more_after = quotes_found(company, term="painting")
    assert len(found) == 50
    assert more_after is not None


@pytest.mark.parametrize("is_large", [True, False], ids=["most rows are the company's", "few are"])
def test_a_search_is_the_companys_own_however_many_rows_it_has(company, is_large):
    other = a_company(2)
    deals(other, 3)
    large, small = (company, other) if is_large else (other, company)
    more(large, 60)
    Quote.objects.update(job_name="Painting")
    Customer.objects.update(name="Ann Painter")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE quotes_new; ANALYZE customers_new")
    assert company_word(Quote, large) == []
    assert company_word(Quote, small) == [f"'c:{small.pk}'"]
    for term in ("painting", "painter"):
        found, _ = quotes_found(company, term=term)
        assert {row.id for row in found} <= set(Quote.objects.filter(company=company).values_list("pk", flat=True))
        assert len(found) == (50 if is_large else 3)
    drafted = draft(company, "painting")
    assert drafted.sources
    assert {source.id for source in drafted.sources} <= set(
        Quote.objects.filter(company=company).values_list("pk", flat=True)
    )


def test_the_story_has_every_chapter_and_escapes_it(admin_client, company):
    quote = Quote.objects.filter(company=company).first()
    page = text(admin_client.get(reverse("admin:crm_quote_story", args=[quote.pk])))
    for chapter in ("Customer", "Lead", "Quote", "Job", "Invoice", "Payment"):
        assert f"<h2>{chapter}</h2>" in page
    assert HOSTILE not in page


def test_statements_do_not_grow_with_rows(admin_client, company):
    def statements(url: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            text(admin_client.get(url))
        return len(captured)

    pages = [reverse("admin:crm_quote_browse"), reverse("admin:crm_quote_browse_rows")]
    few = [statements(page) for page in pages]
    more(company, 40)
    assert [statements(page) for page in pages] == few


def test_only_those_who_may_see_quotes_and_only_their_companies(client, company, settings):
    urls = [reverse("admin:crm_quote_browse"), reverse("admin:crm_quote_browse_rows"),
            reverse("admin:crm_quote_story", args=[Quote.objects.first().pk])]  # fmt: skip
    assert {client.get(url).status_code for url in urls} == {302}
    user = User.objects.create_user("viewer", password="x", is_staff=True)
    client.force_login(user)
    assert {client.get(url).status_code for url in urls} == {403}
    user.user_permissions.add(Permission.objects.get(codename="view_quote"))
    assert {client.get(url).status_code for url in urls} == {200}
    assert {client.post(url).status_code for url in urls} == {405}
    settings.CRM_COMPANY_SCOPE = "crm.tests.admin.test_browse.nobody"
    assert "/story/" not in text(client.get(urls[0]))
    assert client.get(urls[1], {"company": company.pk}).status_code == 404
    assert client.get(urls[2]).status_code == 404


def nobody(user) -> list:
    return []


def test_a_forged_place_in_the_list_is_refused(admin_client, company):
    url = reverse("admin:crm_quote_browse_rows")
    assert admin_client.get(url, {"after": "2026-01-01_abc~forged"}).status_code == 404


def test_a_token_is_made_shown_once_and_revoked(admin_client, company):
    form = {"company": company.pk, "name": "partner", "scopes": ["leads:read"], "expires_at_0": "", "expires_at_1": ""}
    page = text(admin_client.post(reverse("admin:crm_apitoken_add"), form, follow=True))
    token = ApiToken.objects.get()
    secret = "qp_" + page.split("The token is qp_")[1].split(" ")[0]
    assert secret.startswith(token.prefix)
    assert secret not in text(admin_client.get(reverse("admin:crm_apitoken_changelist")))
    assert token.digest not in text(admin_client.get(reverse("admin:crm_apitoken_change", args=[token.pk])))
    assert admin_client.get(reverse("admin:crm_apitoken_changelist"), {"digest__startswith": "a"}).status_code in (
        302,
        400,
    )
    action = {"action": "revoke", "_selected_action": [str(token.pk)]}
    text(admin_client.post(reverse("admin:crm_apitoken_changelist"), action, follow=True))
    token.refresh_from_db()
    assert token.revoked_at is not None

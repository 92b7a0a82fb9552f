"""Where the pages of the admin are, and who looks at them; found by the site's own routes."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

# No pages: they sign in or out, take a form, are asked by a script with values of its own, or lead elsewhere.
NONE = re.compile(
    r"/(login|logout|jsi18n|password_change|password_change/done|autocomplete|delete|add|claim|preview|say|draw|resume|password)/$"
    r"|object_id>/$|^admin/r/|\?P<|/do/<slug:what>/$|dedupcase/<uuid:pk>/undo/$|mergesample/next/$"
)
POSTS = re.compile(r"/(export|next)/$")


@dataclass(frozen=True, kw_only=True)
class Place:
    """One page: its name, its address, whether it is asked for by a form, and whether it may lack what it shows.

    A page further down, or by a filter, is not there where the volume is small.
    """

    name: str
    url: str
    posts: bool = False
    is_narrowed: bool = False


def largest_company() -> Any:
    """The company with the most quotes."""
    from django.db import connection

    from crm.models import Company

    with connection.cursor() as cursor:
        cursor.execute("SELECT company_id FROM quotes GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")
        return Company.objects.get(pk=cursor.fetchone()[0])


@contextmanager
def people(company: Any, companies: int) -> Iterator[dict[str, Any]]:
    """A person of each role, support limited to so many companies; gone afterwards."""
    from django.contrib.auth.models import Group, User

    from crm.models import Company, StaffAccess
    from migration_ops.roles import ADMINISTRATOR, ENGINEER, SUPPORT, VIEWER

    names = {"engineer": ENGINEER, "limited support": SUPPORT, "viewer": VIEWER, "administrator": ADMINISTRATOR}
    made = {}
    # Of a measurement that was killed.
    User.objects.filter(username__startswith="benchmark ").delete()
    try:
        for person, role in names.items():
            made[person] = User.objects.create_user(f"benchmark {person}", is_staff=True)
            made[person].groups.add(Group.objects.get(name=role))
        limit = StaffAccess.objects.create(user=made["limited support"])
        limit.companies.set([company, *Company.objects.exclude(pk=company.pk)[: companies - 1]])
        yield made
    finally:
        User.objects.filter(username__startswith="benchmark ").delete()


def places(company: Any) -> list[Place]:
    """Every page there is, objects being those of the large company; and the pages as people narrow them."""
    from django.urls import get_resolver

    import quotepro.urls  # noqa: F401 - the lists are found by it

    found = []
    routes = {route for route in _walk(get_resolver()) if route.startswith("admin/") and not NONE.search(route)}
    for route in sorted(routes):
        url = "/" + _filled(route, company)
        found.append(Place(name=route, url=url + _query(route, company), posts=POSTS.search(route) is not None))
    return [*found, *_narrowed(company)]


def _walk(resolver: Any, prefix: str = "") -> Iterator[str]:
    from django.urls.resolvers import URLResolver

    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern, route)
        else:
            yield route


def _filled(route: str, company: Any) -> str:
    """The route with what it is about."""
    if "<" not in route:
        return route
    filled = route.replace("<slug:verb>/<slug:to>", "step/shadow").replace("<slug:verb>", "validate")
    if "<uuid:case>" in filled:
        filled = filled.replace("<uuid:case>", _drawn(company).sample[0])
    return re.sub(
        r"<[^>]+>", lambda _: str(_object(route.split("/")[1], route.split("/")[2], company)), filled, count=1
    )


def _object(app: str, name: str, company: Any) -> Any:
    """What a page of this model is looked at with: a row of the large company where it has one."""
    from django.apps import apps
    from django.contrib import admin

    from migration_ops.models import DedupCase

    model = apps.get_model(app, name)
    if name in ("company", "companystage", "dashboardstats"):
        return company.pk
    if name == "bulkdecision":
        return _drawn(company).pk
    if model is DedupCase:
        return DedupCase.objects.filter(state="open", company=company).order_by("-stake")[0].pk
    way = getattr(admin.site._registry[model], "company_path", "company_id")
    rows = model._default_manager.order_by()
    own = rows.filter(**{way: company.pk}) if app != "auth" else rows
    key = own.values_list("pk", flat=True).first() or rows.values_list("pk", flat=True).first()
    return f"none-of-{name}" if key is None else key


def _drawn(company: Any) -> Any:
    """A decision for the company's most frequent pattern, its sample drawn."""
    from migration_ops.identity.duplicates import bulk
    from migration_ops.models import BulkDecision

    found = BulkDecision.objects.filter(company=company).first()
    return found or bulk.draw(company, bulk.patterns(company)[0].key, actor="benchmark")


def _query(route: str, company: Any) -> str:
    """What a page cannot do without."""
    if route.endswith(("/waiting/",)):
        return "?" + urlencode({"company": company.pk, "reason": _reason(company)})
    if route.endswith("/valueruling/value/"):
        return "?" + urlencode({"company": company.pk, "kind": "phone", "value": _busiest_phone(company)})
    return "?s=alder" if route == "admin/search/" else ""


def _busiest_phone(company: Any) -> str:
    from django.db.models import Count

    from crm.models import CustomerContact

    phones = CustomerContact.objects.filter(company=company, phone_key__isnull=False).order_by().values("phone_key")
    return str(phones.annotate(uses=Count("pk")).order_by("-uses")[0]["phone_key"])


def _reason(company: Any) -> str:
    from django.db.models import Count

    from migration_ops.models import QuarantinedRow

    rows = QuarantinedRow.objects.filter(company=company, resolution="").order_by()
    return str(rows.values("reason").annotate(rows=Count("pk")).order_by("-rows")[0]["reason"])


def _narrowed(company: Any) -> Iterator[Place]:
    """Pages by filter, by words, further down."""
    from django.contrib import admin

    from crm.admin.filters import CompanyFilter

    own, reason = f"company={company.pk}", _reason(company)
    asked = {
        "admin/": ("page=60", "stage=shadow", "condition=stuck", "condition=waiting&page=20", "words=alder"),
        "admin/migration_ops/companystage/": ("p=40", "q=alder", "stage=live"),
        "admin/migration_ops/migrationrun/": ("p=40", "status=failed", "q=alder"),
        "admin/migration_ops/quarantinedrow/": (
            f"reason={reason}", "state=open", "state=waived", f"{own}&reason={reason}", "p=100", "q=total",
        ),
        "admin/migration_ops/quarantinedrow/desk/": (own,),
        "admin/migration_ops/dedupconflict/": ("state=open", "reason=probable", f"{own}&state=open", "p=100"),
        "admin/migration_ops/dedupcase/": (
            "reason=probable", "age=week", f"{own}&reason=probable&age=week", "state=decided", "p=100",
        ),
        "admin/migration_ops/bulkdecision/patterns/": (own,),
        "admin/migration_ops/valueruling/desk/": (own,),
        "admin/migration_ops/auditline/": ("p=100", "q=ann"),
        "admin/migration_ops/outboxentry/": ("state=failed", "p=100"),
        "admin/migration_ops/verdict/": ("depth=fields", "p=100"),
        "admin/migration_ops/mismatch/": ("p=100",),
        "admin/crm/company/": ("p=40", "q=alder"),
        "admin/crm/dashboardstats/figures/": (own,),
    }  # fmt: skip
    for route, queries in asked.items():
        for query in queries:
            words = query.replace(own, "company").replace(reason, "largest")
            yield Place(name=f"{route}?{words}", url=f"/{route}?{query}", is_narrowed=True)
    for model, each in admin.site._registry.items():
        if CompanyFilter in each.list_filter:
            route = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
            yield Place(name=f"{route}?company", url=f"/{route}?{own}", is_narrowed=True)

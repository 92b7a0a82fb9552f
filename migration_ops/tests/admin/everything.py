"""At least one row behind every page of the admin, for a company."""

from django.contrib.auth.models import User

from crm.models import ApiToken, Company, Customer, CustomerDecision, CustomerMerge, CustomerMergeRun
from crm.services.statistics import stats_refresh
from crm.tests.admin.rows import NOW, a_company, an_id, deals
from legacy.models import LegacyQuote
from migration_ops import audit
from migration_ops.models import DedupCase, V1Use
from migration_ops.tests.admin.rows import traces


def everything(number: int) -> Company:
    """The company, with rows in every table that has a page."""
    company = a_company(number)
    own = deals(company, 2, name="Person")
    traces(company, own)
    when = {"company": company, "actor": "x", "at": NOW}
    one, other = sorted(Customer.objects.filter(company=company), key=lambda each: each.pk)[:2]
    run = CustomerMergeRun.objects.create(id=an_id(f"run {number}"), words="run", origin="rules", undone_at=NOW, **when)
    CustomerMerge.objects.create(
        id=an_id(f"merge {number}"),
        survivor=one,
        run=run,
        origin="person",
        fingerprint="f",
        number=number,
        undone_at=NOW,
        **when,
    )
    CustomerDecision.objects.create(
        id=an_id(f"decision {number}"), customer_a=one, customer_b=other, verdict="different", **when
    )
    DedupCase.objects.create(
        id=an_id(f"case {number}"), company=company, words="case", reason="name_typo", score=0.9, stake=1, records=2,
        money=1, customers=[one.pk, other.pk], questions=1, created_at=NOW,
    )  # fmt: skip
    ApiToken.objects.create(
        id=an_id(f"token {number}"), company=company, name="x", prefix=f"p{number}", digest=f"d{number}",
        scopes=["leads:read"], created_by="x",
    )  # fmt: skip
    V1Use.objects.create(day=NOW.date(), client=f"c{number}", company=company, last_at=NOW)
    for deal in own:
        LegacyQuote.objects.create(id=deal, company_id=company.pk, items=[], created_at=NOW, updated_at=NOW)
    audit.record(actor="x", action="stage", company=company.pk, detail={"after": "off", "gates": []})
    User.objects.get_or_create(username="somebody")
    stats_refresh()
    return company

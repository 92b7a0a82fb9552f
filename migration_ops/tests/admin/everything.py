"""At least one row behind every page of the admin, for a company."""

from hashlib import sha256

from django.contrib.auth.models import User

from crm.models import ApiToken, Company, Customer, CustomerDecision, CustomerMerge, CustomerMergeRun
from crm.services.statistics import stats_refresh
from crm.tests.admin.rows import NOW, a_company, an_id, deals
from legacy.models import LegacyQuote
from migration_ops import audit
from migration_ops.models import (
    BulkDecision,
    Certificate,
    DedupCase,
    MergeSample,
    Retirement,
    ShadowCount,
    ShadowGroup,
    ShadowMismatch,
    V1Use,
    ValueRuling,
)
from migration_ops.models.shadow import Endpoint, Rule
from migration_ops.tests.admin.rows import traces

DOCUMENT = '{"audit_log":{"last_hash":"x"},"proofs":[],"tables":{}}'


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
    BulkDecision.objects.create(
        id=an_id(f"bulk {number}"), company=company, pattern="p", reason="name_typo", words=["x"], actor="x", at=NOW
    )
    MergeSample.objects.create(
        id=an_id(f"sample {number}"), company=company, day=NOW.date(), is_merged=True, created_at=NOW,
        sides=[{"name": "one", "lines": []}, {"name": "other", "lines": []}],
    )  # fmt: skip
    ValueRuling.objects.create(
        company=company, kind="phone", value="+15125550199", is_generic=True, reason="x", actor="x", at=NOW
    )
    ShadowCount.objects.create(
        company=company, day=NOW.date(), endpoint=Endpoint.values[0], stage="shadow", basis="1/0/0"
    )
    group = ShadowGroup.objects.create(
        company=company, endpoint=Endpoint.values[0], field="total", rule=Rule.values[0], first_at=NOW, last_at=NOW
    )
    ShadowMismatch.objects.create(group=group, object=str(own[0]), stage="shadow", at=NOW)
    certificate = Certificate.objects.create(
        company=company,
        document=DOCUMENT,
        sha256=sha256(DOCUMENT.encode()).hexdigest(),
        signed_by="x",
        mapping_version=1,
        last_finding=0,
        at=NOW,
    )
    Retirement.objects.create(
        company=company, certificate=certificate, state="restored", archive="x", archive_sha256="0" * 64, rows=1,
        actor="x", reason="x", at=NOW,
    )  # fmt: skip
    for deal in own:
        LegacyQuote.objects.create(id=deal, company_id=company.pk, items=[], created_at=NOW, updated_at=NOW)
    audit.record(actor="x", action="stage", company=company.pk, detail={"after": "off", "gates": []})
    User.objects.get_or_create(username="somebody")
    stats_refresh()
    return company

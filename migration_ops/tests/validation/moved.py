"""A small company that has been moved, and the ways to plant a fault in it."""

from datetime import UTC, datetime
from uuid import UUID

from django.db import connection, transaction

from crm.models import Company
from legacy.models import LegacyQuote
from migration_ops.dual_write import capture
from migration_ops.identity.customers import clear_staging, write_customers, write_findings
from migration_ops.identity.resolve import decide_clusters, find_components
from migration_ops.identity.stage import stage_contacts
from migration_ops.models import OutboxEntry
from migration_ops.projection.project import Scope, write
from migration_ops.selectors.companies import ensure_company
from migration_ops.sql.loader import block

COMPANY = UUID("c0000000-0000-4000-8000-000000000001")
PAID = UUID("a0000000-0000-4000-8000-000000000001")
SENT = UUID("a0000000-0000-4000-8000-000000000002")
LEAD = UUID("a0000000-0000-4000-8000-000000000003")
NAMELESS = UUID("a0000000-0000-4000-8000-000000000004")
REFUSED = UUID("a0000000-0000-4000-8000-000000000005")
LATE = UUID("a0000000-0000-4000-8000-000000000006")


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2024, 5, day, hour, tzinfo=UTC)


def item(name: str, price: str, total: str, place: int) -> dict[str, object]:
    return {
        "name": name, "description": "as agreed", "quantity": 1, "unit_price": float(price), "total": float(total),
        "option_tier": "good", "is_upsell": False, "is_discount": False, "sort_order": place,
    }  # fmt: skip


def deal(id: UUID, **columns: object) -> LegacyQuote:
    """One legacy row with the least a row needs, and what the test says."""
    values = {"company_id": COMPANY, "created_at": at(1), "updated_at": at(2)} | columns
    return LegacyQuote.objects.create(pk=id, **values)


def deals() -> None:
    """A paid deal, one that was sent, a lead, one without any contact, and one that has to wait."""
    deal(
        PAID, customer_name="Ann Lee", email="ann@example.com", phone="+12025550147", address="1 Elm Street",
        lead_status="converted", status="completed", quote_number="Q-1", job_name="Boiler", job_number="J-1",
        description="New boiler", notes="Ring twice",
        items=[item("Boiler", "900.5", "900.5", 1), item("Labour", "99.5", "99.5", 2)],
        subtotal="1000", discount_amount="10", tax_rate="10", tax_amount="99", total="1089",
        scheduled_at=at(3), started_at=at(4), completed_at=at(5), sent_at=at(2), invoice_number="I-1",
        invoice_sent_at=at(6), paid_at=at(7), payment_method="card", payment_link_url="https://pay.example.com/1",
    )  # fmt: skip
    deal(
        SENT, customer_name="Bob Ray", email="bob@example.com", phone="+12025550188", address="2 Oak Road",
        status="sent", quote_number="Q-2", items=[item("Tap", "50", "50", 1)], subtotal="50", total="50",
    )  # fmt: skip
    deal(LEAD, customer_name="Ann Lee", email="ann@example.com", lead_status="new", notes="Asked again")
    deal(NAMELESS, address="3 Lost Lane", status="draft", total="7")
    deal(REFUSED, customer_name="Cy Poe", status="draft", items=["no object"], total="1")


def move(id: UUID = COMPANY) -> Company:
    """Move a company's rows, as a run would."""
    capture.install()
    company = ensure_company(id)
    with connection.cursor() as cursor:
        cursor.execute("DISCARD TEMPORARY")  # commits, which empty the work tables, are rare in tests
    with transaction.atomic():
        stage_contacts(company, parts=1, part=0)
        find_components(company)
        decide_clusters(company, parts=1, part=0)
        write_customers(company, parts=1, part=0)
        write_findings(company)
        clear_staging(company)
    with transaction.atomic():
        write(Scope(company=company), batch_id=None)
    with connection.cursor() as cursor:
        # Without figures the planner reads whole tables for each row.
        for name in ("analyze_customers", "analyze_deals"):
            cursor.execute(block("queries/plan.sql", name).sql)
    OutboxEntry.objects.filter(company_id=id).delete()
    return company


def moved_company() -> Company:
    """The small company, moved."""
    deals()
    return move()


def plant(*statements: str) -> None:
    """Change tables behind everybody's back: no capture, no foreign keys."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE quotes DISABLE TRIGGER qp_capture_v1")
        cursor.execute("SET session_replication_role = replica")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("ALTER TABLE quotes ENABLE ALWAYS TRIGGER qp_capture_v1")

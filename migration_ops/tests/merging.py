"""A moved company whose customers can be merged, and what must hold of it at any time."""

from uuid import UUID

from django.db import connection

from crm.models import Company, Customer
from migration_ops.tests.state import differences, final_rows

# What people did and when; everything else must be as it was after a merge and its undo.
STATE = (
    "customers_new", "customer_contacts", "customer_addresses", "customer_relations", "leads_new", "quotes_new",
    "quote_items_new", "jobs_new", "invoices_new", "payments", "migration_legacy_link", "migration_quarantined_row",
)  # fmt: skip


def state() -> dict[str, list[str]]:
    """Every row that merges touch or must not touch."""
    return final_rows(tables=STATE)


def assert_same_state(before: dict[str, list[str]]) -> None:
    assert differences(before, state()) == []


def living(company: Company) -> list[UUID]:
    """Customers that can be merged, in the order of their ids."""
    rows = Customer.objects.filter(company=company, merged_into__isnull=True, is_placeholder=False)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def values(company: Company) -> list[tuple[object, ...]]:
    """Every text ever recorded of anybody, wherever it is now. A placeholder has its row's, and goes with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'contact', k.name, k.email, k.phone FROM customer_contacts k"
            " JOIN customers_new c ON c.id = k.customer_id AND NOT c.is_placeholder WHERE k.company_id = %(company)s"
            " UNION SELECT 'address', a.address, NULL, NULL FROM customer_addresses a"
            " JOIN customers_new c ON c.id = a.customer_id AND NOT c.is_placeholder WHERE a.company_id = %(company)s"
            " ORDER BY 1, 2, 3, 4",
            {"company": company.pk},
        )
        return cursor.fetchall()


def on_buried(company: Company) -> list[tuple[str, UUID]]:
    """Rows that belong to a customer that was merged into another: there must be none."""
    found: list[tuple[str, UUID]] = []
    with connection.cursor() as cursor:
        for table in ("customer_contacts", "customer_addresses", "leads_new", "quotes_new", "jobs_new", "invoices_new"):
            cursor.execute(
                f"SELECT '{table}', t.id FROM {table} t JOIN customers_new c ON c.id = t.customer_id"
                " WHERE t.company_id = %s AND c.merged_into IS NOT NULL",
                [company.pk],
            )
            found += cursor.fetchall()
        cursor.execute(
            "SELECT 'customer_relations', r.id FROM customer_relations r"
            " JOIN customers_new c ON c.id IN (r.customer_id, r.other_id)"
            " WHERE r.company_id = %s AND c.merged_into IS NOT NULL",
            [company.pk],
        )
        found += cursor.fetchall()
    return found

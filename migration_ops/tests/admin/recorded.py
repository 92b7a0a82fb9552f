"""Every free text of every table that has a page, replaced by one that a browser would run if it were not escaped."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist
from django.db import DatabaseError, connection, models, transaction
from django.db.models import CharField, Field, JSONField, TextField

from crm.models import Company
from legacy.models import LegacyQuote
from quotepro import urls  # noqa: F401 - importing it registers every page

SCRIPT = '"\'><img src=x onerror="window.ran=1"><script>window.ran=1</script>{{7*7}}'
ADDRESS = "javascript:window.ran=1"
# What programs read and people never wrote: another text there is a fault of another kind.
CODES = {
    "stage", "status", "state", "kind", "reason", "reasons", "phase", "slug", "prefix", "digest", "sha256",
    "fingerprint", "hash", "prev_hash", "endpoint", "rule", "pattern", "depth", "gate", "resolution", "verdict",
    "origin", "action", "timezone", "phone_region", "object", "table_name", "column_name", "name_key", "email_key",
    "phone_key", "session_key", "password", "username", "codename", "model", "app_label", "from_stage", "to_stage",
    "what",
}  # fmt: skip


def write_scripts(company: Company) -> set[str]:
    """Write `SCRIPT` (`ADDRESS` where an address belongs) into the company's rows; names of the columns, as table.column."""
    written = set()
    for model in apps.get_models():
        if model._meta.app_label not in ("crm", "migration_ops", "legacy"):
            continue
        of_company = _company_filter(model, company)
        for field in model._meta.concrete_fields:
            text = _text_for(field)
            if text is None or of_company is None or not field.editable:
                continue
            rows = model._default_manager.filter(**of_company)
            if all(_write(rows.filter(pk=pk), field, text, number) for number, pk in enumerate(_keys(rows))):
                written.add(f"{model._meta.db_table}.{field.column}")
    return written


def _keys(rows: models.QuerySet) -> list[Any]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _write(row: models.QuerySet, field: Field, text: str, number: int) -> bool:
    """False where the database takes no such text: a code that this list does not know."""
    own = f"{text} {number}"[: field.max_length]  # type: ignore[attr-defined]
    value = [{"name": own, "description": own, "quantity": 1}] if isinstance(field, JSONField) else own
    try:
        with transaction.atomic(), _triggers_off():
            row.update(**{field.attname: value})
    except DatabaseError:
        return False
    return True


def _text_for(field: Field) -> str | None:
    if field.primary_key or field.choices or field.unique or field.column in CODES or field.is_relation:
        return None
    if isinstance(field, JSONField):
        return SCRIPT if field.column == "items" else None
    if not isinstance(field, (CharField, TextField)):
        return None
    return ADDRESS if "url" in field.column else SCRIPT


def _company_filter(model: type[models.Model], company: Company) -> dict[str, Any] | None:
    path = getattr(admin.site._registry.get(model), "company_path", "company_id")
    if model is Company:
        return {"pk": company.pk}
    try:
        model._meta.get_field(path.split("__")[0].removesuffix("_id"))
    except FieldDoesNotExist:
        return {"company_id": company.pk} if model is LegacyQuote else None
    return {path: company.pk}


@contextmanager
def _triggers_off() -> Iterator[None]:
    """Rows that only ever grow are changed here all the same: what they show is what is tried."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")

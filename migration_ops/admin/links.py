"""What became of each migrated legacy row."""

from typing import Any

from django.contrib import admin
from django.db.models import Q

from crm.admin.columns import badge, code, column, link, number, short_code, text
from crm.admin.filters import choice_filter
from migration_ops.admin.evidence import flags_in_short, flags_in_words, indented
from migration_ops.admin.records import MachineAdmin
from migration_ops.models import LegacyLink
from migration_ops.projection.reasons import Flag


@admin.display(description="residue")
def residue_label(link: Any) -> Any:
    """A label where something was recorded that the columns cannot express."""
    return badge("residue", "primary") if link.residue_text is not None else None


@admin.register(LegacyLink)
class LegacyLinkAdmin(MachineAdmin):
    """One a migrated legacy row."""

    list_display = (
        short_code("legacy_id", words="legacy row"),
        link("contact.customer", words="customer"),
        column("flags", flags_in_short),
        residue_label,
        link("batch"),
        link("company"),
    )
    list_filter = (
        *MachineAdmin.list_filter,
        choice_filter("flag", Flag.choices, conditions={value: Q(flags__contains=[value]) for value in Flag.values}),
        choice_filter(
            "residue",
            (("yes", "With residue"), ("no", "Without")),
            conditions={"yes": Q(residue__isnull=False), "no": Q(residue__isnull=True)},
        ),
    )
    list_select_related = ("company", "contact__customer", "batch")
    ordering = ("company_id", "legacy_id")
    wide_ordering = ("company_id", "legacy_id")
    sortable_by = ()
    json_columns = ("residue",)
    search_ids = ("pk", "company_id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    (code("legacy_id", words="legacy row"), link("company")),
                    (link("contact.customer", words="customer"), text("contact", words="recorded as")),
                    text("address"),
                    column("flags", flags_in_words),
                    column("residue_text", indented, words="residue: what the columns cannot express"),
                )
            },
        ),
        (
            "Record",
            {
                "fields": (
                    (link("batch"), number("mapping_version")),
                    code("fingerprint", words="fingerprint of the legacy row"),
                )
            },
        ),
    )

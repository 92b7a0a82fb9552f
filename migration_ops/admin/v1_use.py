"""Who still uses API v1."""

from django.contrib import admin

from crm.admin.columns import link, minute, number, short, text, when
from migration_ops.admin.records import MachineAdmin
from migration_ops.models import V1Use


@admin.register(V1Use)
class V1UseAdmin(MachineAdmin):
    """Requests of a client on a day."""

    list_display = (text("day"), short("client"), number("requests"), number("refused"), link("company"),
                    minute("last_at"))  # fmt: skip
    list_select_related = ("company",)
    ordering = ("-day", "pk")
    search_texts = ("client",)
    fieldsets = ((None, {"fields": (text("day"), text("client"), link("company"), number("requests"),
                                    number("refused"), when("last_at"))}),)  # fmt: skip

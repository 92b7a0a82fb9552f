"""Tokens of programs: made here, their secret shown once, and revoked."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from crm.admin.columns import link, minute, short, text, when
from crm.admin.filters import CompanyFilter
from crm.admin.lists import ListAdmin
from crm.models import ApiToken, Scope
from crm.services.tokens import token_create, token_revoke


class TokenForm(forms.ModelForm):
    """Whose it is, and what it may do."""

    scopes = forms.MultipleChoiceField(choices=Scope.choices, widget=forms.CheckboxSelectMultiple)

    class Meta:
        model = ApiToken
        fields = ("company", "name", "scopes", "expires_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ListAdmin):
    """A token is made and revoked, never changed."""

    form = TokenForm
    list_display = (short("name"), short("prefix"), link("company"), minute("created_at"), when("expires_at"),
                    when("revoked_at"), text("last_used_on"))  # fmt: skip
    list_filter = (CompanyFilter,)
    list_select_related = ("company",)
    search_texts = ("name", "prefix")
    ordering = ("-created_at", "pk")
    actions = ("revoke",)
    add_fieldsets = ((None, {"fields": ("company", "name", "scopes", "expires_at")}),)
    fieldsets = (
        (None, {"fields": (text("name"), link("company"), text("prefix"), text("scopes"))}),
        ("Life", {"fields": (when("created_at"), text("created_by"), when("expires_at"), when("revoked_at"),
                             text("last_used_on"))}),
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Those who may make tokens."""
        return bool(request.user.has_perm("crm.add_apitoken"))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        """Those who may change tokens."""
        return bool(request.user.has_perm("crm.change_apitoken"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The form of a new one, or what is known of one."""
        return self.add_fieldsets if obj is None else super().get_fieldsets(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything, once it is made."""
        return () if obj is None else super().get_readonly_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Make it, and show its secret this once."""
        token, secret = token_create(
            obj.company, name=obj.name, scopes=obj.scopes, created_by=request.user.get_username(),
            expires_at=obj.expires_at,
        )  # fmt: skip
        obj.pk = token.pk
        obj.refresh_from_db()
        messages.warning(request, f"The token is {secret} – copy it now, it cannot be shown again.")

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the chosen tokens at once."""
        for token in queryset:
            token_revoke(token)
            self.log_change(request, token, "revoked")
        messages.success(request, "Revoked: the next request with one of them is refused.")

"""Staff users and roles."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.admin import ModelAdmin, StackedInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from crm.admin.scope import allowed_companies
from crm.models import StaffAccess

admin.site.unregister(User)
admin.site.unregister(Group)


class AllCompanies:
    """Pages about people; whoever is limited to companies could lift the limit here, so they are not for them."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Not for the limited."""
        return self._sees_all(request) and super().has_module_permission(request)  # type: ignore[misc]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not for the limited."""
        return self._sees_all(request) and super().has_view_permission(request, obj)  # type: ignore[misc]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Not for the limited."""
        return self._sees_all(request) and super().has_add_permission(request, *args)  # type: ignore[misc]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Not for the limited."""
        return self._sees_all(request) and super().has_change_permission(request, obj)  # type: ignore[misc]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: what a person did keeps its name; make them inactive instead."""
        return False

    def _sees_all(self, request: HttpRequest) -> bool:
        return allowed_companies(request) is None


class StaffAccessInline(AllCompanies, StackedInline):
    """The companies a user is limited to."""

    model = StaffAccess
    autocomplete_fields = ("companies",)
    extra = 0
    verbose_name_plural = "Limit to companies"


@admin.register(User)
class UserAdmin(AllCompanies, DjangoUserAdmin, ModelAdmin):
    """Staff users. Only a superuser makes another one, changes one, or gives permissions that no role has."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (StaffAccessInline,)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": (("first_name", "last_name"), "email")}),
        ("Role", {"fields": ("is_active", "is_staff", "groups")}),
        ("Beyond a role", {"classes": ("collapse",), "fields": ("is_superuser", "user_permissions")}),
        ("Dates", {"classes": ("collapse",), "fields": (("last_login", "date_joined"),)}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        ("Role", {"fields": ("is_staff", "groups")}),
    )

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever is made here is to work here."""
        return {"is_staff": True}

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Roles to be ticked."""
        if db_field.name == "groups":
            kwargs["widget"] = UnfoldAdminCheckboxSelectMultipleWidget()
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "groups":
            field.help_text = "What a person may do. Without a role they see nothing."
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser is changed by superusers only."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return bool(super().has_change_permission(request, obj))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What would make a user more than a role allows."""
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser", "user_permissions")


@admin.register(Group)
class GroupAdmin(AllCompanies, DjangoGroupAdmin, ModelAdmin):
    """Roles; superusers change them."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return bool(request.user.is_superuser)

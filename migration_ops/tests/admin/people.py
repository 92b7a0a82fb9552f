"""Members of staff in each role."""

from django.apps import apps
from django.contrib.auth.models import Group, User

from crm.models import Company, StaffAccess
from migration_ops.roles import ensure_roles


def a_person(name: str, role: str = "", *, companies: list[Company] | None = None, is_superuser: bool = False) -> User:
    """A member of staff with one role, limited to these companies; None: not limited."""
    user = User.objects.create_user(name, password="secret", is_staff=True, is_superuser=is_superuser)
    if role:
        # Tests that commit empty the table of groups.
        ensure_roles(apps)
        user.groups.add(Group.objects.get(name=role))
    if companies is not None:
        StaffAccess.objects.create(user=user).companies.set(companies)
    return user

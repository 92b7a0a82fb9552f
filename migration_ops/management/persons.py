"""Who a person at the shell is: a staff user who proves it with the password, as at the admin's door."""

import getpass
import sys

from django.contrib.auth import get_user_model

from migration_ops.exceptions import PersonRefused


def person(username: str, permission: str) -> str:
    """The user's name, once the password was given and the permission is there.

    The password comes from the terminal, or as the first line of stdin; others can read a command line.

    Raises:
        PersonRefused: no such active staff user or another password (which, is not said), or no permission.
    """
    asked = getpass.getpass(f"Password of {username}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    users = get_user_model()
    user = users._default_manager.filter(**{users.USERNAME_FIELD: username}).first()
    if user is None:
        users().set_password(asked)  # takes as long as checking one: the time must not tell that there is no such user
    if user is None or not user.check_password(asked) or not (user.is_active and user.is_staff):
        raise PersonRefused(
            person=username, why="no active staff user with this name and password (stdin's first line)"
        )
    if not user.has_perm(permission):
        raise PersonRefused(person=username, why=f"lacks the permission {permission}: an administrator gives it")
    return str(user.get_username())

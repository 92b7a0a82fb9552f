"""Figures of each company: refreshed as a whole, without keeping readers waiting."""

from django.db import connection

from crm.sql import statement


def stats_refresh() -> None:
    """Compute all figures anew; readers see the old ones until it is done. Two at once run one after the other."""
    with connection.cursor() as cursor:
        cursor.execute(statement("dashboard_stats_refresh"))


def stats_age_s() -> float | None:
    """Seconds since the last refresh; None before the first company had one."""
    with connection.cursor() as cursor:
        cursor.execute(statement("dashboard_stats_age"))
        (age,) = cursor.fetchone()
    return None if age is None else float(age)

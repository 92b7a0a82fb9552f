"""The demo's story: realistic dirty rows of several companies, migrated and proven, and people who may look at it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from crm.models import Company
from legacy.models import LegacyQuote
from legacy.seed.writer import SeedPlan, seed
from migration_ops.backfill.migrate import Migrated, migrate
from migration_ops.backfill.plan import Start
from migration_ops.backfill.runner import Report as RunReport
from migration_ops.exceptions import MigrationOpsError
from migration_ops.identity.duplicates.cases import rebuild_cases
from migration_ops.identity.duplicates.find import find_duplicates
from migration_ops.identity.duplicates.outcome import Outcome
from migration_ops.roles import SUPPORT, VIEWER, ensure_roles
from migration_ops.selectors.summary import summary_of
from migration_ops.stages import NEW_SIDE_LEADS
from migration_ops.transitions import stage_of
from migration_ops.validation.report import Report
from migration_ops.validation.run import validate

# Name, slug, region, time zone of each demo company.
COMPANIES = (
    ("Harbor Roofing", "harbor-roofing", "US", "America/New_York"),
    ("Maple Street Plumbing", "maple-street-plumbing", "US", "America/Chicago"),
    ("Summit Electric", "summit-electric", "US", "America/Denver"),
)
ROWS = 3_000
SEED = 1
DIRTY = 0.3


class DemoRefused(MigrationOpsError):
    """The demo would mix made-up rows with somebody's own."""

    message = (
        "the legacy table holds {rows:,} rows that are not the demo's: the demo writes made-up rows and stays away from"
        " them; run it on an empty database, or without DATABASE_URL and with QUOTEPRO_DIR naming a new folder"
    )


@dataclass(frozen=True, kw_only=True)
class Told:
    """One company of the demo: how its migration went, what was proven, and which customers may be one."""

    migrated: Migrated
    report: Report
    searched: Outcome
    cases: int
    """Open ones, each a question for a person."""


def demo_companies(rows: int, *, progress: Callable[[int], None]) -> list[Company]:
    """The demo's companies with their legacy rows: written now, or found from an earlier demo.

    Args:
        rows: how many to write; those of an earlier demo are taken as they are.
    Raises:
        DemoRefused: the legacy table holds rows of other companies.
    """
    slugs = [slug for _, slug, _, _ in COMPANIES]
    known = list(Company.objects.filter(slug__in=slugs).order_by("name"))
    strangers = LegacyQuote.objects.exclude(company_id__in=[company.pk for company in known]).count()
    if strangers:
        raise DemoRefused(rows=strangers)
    if known and LegacyQuote.objects.exists():
        return known
    with transaction.atomic():
        plan = SeedPlan(
            rows=rows, companies=min(len(COMPANIES), rows), seed=SEED, dirty=DIRTY,
            until=timezone.now().date(),
        )  # fmt: skip
        report = seed(plan, progress=progress)
        companies = [
            Company.objects.update_or_create(
                pk=company_id, defaults={"name": name, "slug": slug, "phone_region": region, "timezone": zone}
            )[0]
            for (company_id, _), (name, slug, region, zone) in zip(report.companies, COMPANIES, strict=False)
        ]
    return sorted(companies, key=lambda company: company.name)


def tell(company: Company, *, report: RunReport) -> Told:
    """Migrate one company, prove it at every depth and search it for duplicates; one that is live is not migrated.

    Raises:
        KeyboardInterrupt: a signal paused the run: nobody wants the next company.
    """
    signals: list[bool] = []
    if stage_of(company) in NEW_SIDE_LEADS:
        start = Start(run=None)
        migrated = Migrated(start=start, status="nothing to do", seconds=0.0, summary=summary_of(company))
    else:
        migrated = migrate(
            company, workers=None, batch_rows=None, report=report, on_signal=lambda: signals.append(True)
        )
    if signals:
        raise KeyboardInterrupt
    proven = validate(company)
    return Told(migrated=migrated, report=proven, searched=find_duplicates(company), cases=rebuild_cases(company))


def demo_staff() -> dict[str, str]:
    """An administrator, support and a viewer, with fresh passwords (shown once, stored hashed)."""
    roles = {"admin": "", "support": SUPPORT, "viewer": VIEWER}
    passwords = {name: secrets.token_urlsafe(9) for name in roles}
    ensure_roles(apps)
    for name, password in passwords.items():
        user, _ = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com"})
        user.is_staff, user.is_superuser = True, name == "admin"
        user.set_password(password)
        user.save()
        if role := roles[name]:
            user.groups.add(Group.objects.get(name=role))
    return passwords

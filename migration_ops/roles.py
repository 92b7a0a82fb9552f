"""Roles of staff: groups with the permissions each needs, and no more.

A schema migration calls `ensure_roles`, and a later one calls it again when a permission was added here. It adds what
is absent and takes nothing away.
"""

from typing import Any

VIEWER = "Viewer"
SUPPORT = "Support"
ENGINEER = "Migration engineer"
ADMINISTRATOR = "Administrator"

SEEN = {
    "crm": (
        "company", "customer", "customeraddress", "customercontact", "customerdecision", "customermerge",
        "customermergemove", "customermergerun", "customerrelation", "dashboardstats", "invoice", "job", "lead",
        "payment", "quote", "quoteitem",
    ),
    "legacy": ("legacyquote",),
    "migration_ops": (
        "bulkdecision", "certificate", "companystage", "dedupcase", "dedupconflict", "finding", "gateevidence",
        "legacylink", "mergesample", "migrationbatch", "migrationrun", "mismatch", "outboxentry", "quarantinedrow",
        "repair", "retirement", "shadowcount", "shadowgroup", "shadowmismatch", "stagechange", "steprequest", "v1use",
        "valueruling", "verdict",
    ),
}  # fmt: skip
VIEWS = tuple(f"{app}.{model}.view_{model}" for app, models in SEEN.items() for model in models)
EXPORTS = "migration_ops.companystage.export_rows"
SUPPORTS = ("crm.customermerge.merge_customers", "migration_ops.companystage.correct_quarantine", EXPORTS)
STEERS = (
    *(f"migration_ops.companystage.{name}" for name in ("steer_runs", "prove_company", "move_stage")),
    "migration_ops.auditline.view_auditline",
    EXPORTS,
)
ADMINISTERS = (
    "crm.company.change_company",
    *(f"migration_ops.certificate.{name}" for name in ("sign_certificate", "retire_legacy")),
    *(f"crm.apitoken.{verb}_apitoken" for verb in ("view", "add", "change")),
    *(f"auth.user.{verb}_user" for verb in ("view", "add", "change")),
    *(f"crm.staffaccess.{verb}_staffaccess" for verb in ("view", "add", "change")),
    "auth.group.view_group",
)

# Each permission as app, model and codename.
ROLES: dict[str, tuple[str, ...]] = {
    VIEWER: VIEWS,
    SUPPORT: (*VIEWS, *SUPPORTS),
    ENGINEER: (*VIEWS, *STEERS),
    ADMINISTRATOR: (*VIEWS, *SUPPORTS, *STEERS, *ADMINISTERS),
}


def ensure_roles(apps: Any) -> None:
    """Make the groups, and give them what they lack.

    Args:
        apps: the registry of models, of a schema migration or of the application.
    """
    group = apps.get_model("auth", "Group")
    for name, permissions in ROLES.items():
        role, _ = group.objects.get_or_create(name=name)
        role.permissions.add(*(_permission(apps, each) for each in permissions))


def _permission(apps: Any, name: str) -> Any:
    # Django writes its permissions after the last migration; it leaves those alone that are there, and so their words
    # are the ones it would write.
    app, model, codename = name.split(".")
    meta = apps.get_model(app, model)._meta
    own = dict(meta.permissions)
    words = own.get(codename) or f"Can {codename.partition('_')[0]} {meta.verbose_name_raw}"
    type, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label=app, model=model)
    found, _ = apps.get_model("auth", "Permission").objects.get_or_create(
        content_type=type, codename=codename, defaults={"name": words}
    )
    return found

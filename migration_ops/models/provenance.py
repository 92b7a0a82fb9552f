"""LegacyLink: legacy id, contact, flags, residue, fingerprint."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class LegacyLink(models.Model):
    """What became of one migrated legacy row.

    `residue` holds only what the new columns cannot express; null when they rebuild the row exactly.
    `fingerprint` says in 64 bits what the source row was: the server's own record hash, several times
    cheaper than a digest of the row's text. It may differ between major versions of the server.
    """

    legacy_id = models.UUIDField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    contact = models.ForeignKey(
        "crm.CustomerContact", models.PROTECT, db_constraint=False, db_index=False, related_name="legacy_links"
    )
    address = models.ForeignKey(
        "crm.CustomerAddress",
        models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="legacy_links",
    )
    flags = ArrayField(models.TextField(), default=list)
    residue = models.JSONField(null=True)
    fingerprint = models.BigIntegerField()
    mapping_version = models.IntegerField()
    batch = models.ForeignKey("MigrationBatch", models.SET_NULL, null=True, db_constraint=False, db_index=False)

    class Meta:
        verbose_name = "link"
        verbose_name_plural = "links"
        db_table = "migration_legacy_link"
        ordering = ["legacy_id"]
        indexes = [models.Index(fields=["company", "legacy_id"], name="migration_legacy_link_co_idx")]

    def __str__(self) -> str:
        return str(self.legacy_id)

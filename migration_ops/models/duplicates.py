"""What a run of the duplicate engine found for a company, and what a look-up of one contact needs."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import MD5


class DedupRun(models.Model):
    """The last run of find_duplicates over a company; a later one replaces it."""

    company = models.OneToOneField("crm.Company", models.PROTECT, related_name="+", primary_key=True)
    engine_version = models.CharField(max_length=32)
    at = models.DateTimeField()
    contacts = models.IntegerField()
    pairs = models.IntegerField()
    rates = models.JSONField(
        default=dict, help_text="How often fields agree by chance, as measured: what a look-up weighs with."
    )
    auto_from = models.FloatField(help_text="Score from which customers were merged without asking, 0 to 1.")
    seconds = models.FloatField()
    used = models.JSONField(
        default=list, db_default=[],
        help_text="Of a large company the most used values: [kind, value, customers, contacts, unlike names].",
    )  # fmt: skip

    class Meta:
        db_table = "migration_dedup_run"
        verbose_name = "search for duplicates"
        verbose_name_plural = "searches for duplicates"

    def __str__(self) -> str:
        return f"Search for duplicates of {self.company}"


class DedupGroup(models.Model):
    """Customers that are one by the rules of the last run, with the links that hold them together.

    `links`: a list of {contact_a, contact_b, score, reasons}; `reasons`: the two heaviest observations in words.
    """

    run = models.ForeignKey(DedupRun, models.CASCADE, related_name="groups")
    customers = ArrayField(models.UUIDField())
    score = models.FloatField(help_text="Of the weakest link, 0 to 1.")
    links = models.JSONField(default=list)

    class Meta:
        db_table = "migration_dedup_group"
        ordering = ["-score", "id"]

    def __str__(self) -> str:
        return f"{len(self.customers)} customers that are one"


class DedupContact(models.Model):
    """A contact as the look-up finds it: the keys of its blocks, hashed with its company; its values as compared."""

    contact = models.OneToOneField(
        "crm.CustomerContact", models.CASCADE, db_constraint=False, primary_key=True, related_name="+"
    )
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    keys = ArrayField(models.BigIntegerField())
    mailboxes = ArrayField(models.TextField(), default=list)
    phones = ArrayField(models.TextField(), default=list)
    addresses = ArrayField(models.TextField(), default=list)
    values = ArrayField(models.BigIntegerField(), default=list, db_default=[], help_text="Hashes, as in DedupValue.")
    counted = models.BinaryField(
        default=b"",
        db_default=b"",
        help_text="Each of the values with its uses, people and companies when the contact was indexed, 16 bytes each.",
    )

    class Meta:
        db_table = "migration_dedup_contact"
        indexes = [
            GinIndex(fields=["keys"], name="migration_dedup_contact_keys", fastupdate=False),
            models.Index(fields=["company"], name="migration_dedup_contact_co_idx"),
        ]

    def __str__(self) -> str:
        return str(self.contact_id)


class DedupStale(models.Model):
    """A contact that is new, or has a new address, since the last search of its company.

    ``is_indexed``: the look-up's index knows it as it is; only the search does not.
    """

    contact = models.OneToOneField(
        "crm.CustomerContact", models.CASCADE, db_constraint=False, primary_key=True, related_name="+"
    )
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, related_name="+", db_index=False)
    is_indexed = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "migration_dedup_stale"
        indexes = [models.Index(fields=["company", "is_indexed"], name="migration_dedup_stale_idx")]

    def __str__(self) -> str:
        return str(self.contact_id)


class DedupValue(models.Model):
    """How often a value (a name, a word of an address, a phone) is used in a company, where more than once.

    `people` and `companies`: how many names no two of which can be one person's, or one company's, use it.
    """

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, db_constraint=False, db_index=False, related_name="+")
    value = models.BigIntegerField(help_text="Hash of kind and value.")
    uses = models.IntegerField()
    people = models.SmallIntegerField(default=0)
    companies = models.SmallIntegerField(default=0)

    class Meta:
        db_table = "migration_dedup_value"
        constraints = [models.UniqueConstraint(fields=["company", "value"], name="migration_dedup_value_key")]

    def __str__(self) -> str:
        return str(self.value)


class ValueRuling(models.Model):
    """A person's word on whether a value says who somebody is; it outranks what use suggests, in every later search
    and import. A newer one, or its withdrawal, ends it; it is kept."""

    class Kind(models.TextChoices):
        PHONE = "phone", "Phone"
        MAILBOX = "mailbox", "Mailbox"
        ADDRESS = "address", "Address"
        NAME = "name", "Name"

    id = models.BigAutoField(primary_key=True)
    company = models.ForeignKey("crm.Company", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.TextField(help_text="As it is compared: E.164, lower case, folded.")
    is_generic = models.BooleanField(help_text="It says nothing of who somebody is.")
    reason = models.TextField()
    actor = models.TextField()
    at = models.DateTimeField()
    ended_by = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    ended_reason = models.TextField(blank=True, default="")

    class Meta:
        db_table = "migration_value_ruling"
        verbose_name = "ruling on a value"
        verbose_name_plural = "rulings on values"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                "company", "kind", MD5("value"), name="migration_value_ruling_key",
                condition=models.Q(ended_at__isnull=True),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.value}: {'says nothing' if self.is_generic else 'says who somebody is'}"

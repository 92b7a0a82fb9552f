"""Customer, everything ever recorded as their name, e-mail and phone, and their addresses."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import MD5

from crm.models.base import CompanyOwned, reference


class Customer(CompanyOwned):
    """The golden record: what is shown and used for a customer."""

    name = models.TextField(blank=True)
    email = models.TextField(null=True, blank=True)
    phone = models.TextField(null=True, blank=True, help_text="E.164 where valid, else as recorded.")
    is_placeholder = models.BooleanField(default=False, help_text="Stands for a deal recorded without any contact.")
    phone_is_shared = models.BooleanField(
        default=False, help_text="The same phone belongs to another customer too; staff confirmed it or still has to."
    )
    merged_into = reference("crm.Customer", "merged", null=True, blank=True, db_column="merged_into")
    settled = ArrayField(
        models.TextField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="Which of name, email and phone a person settled: what is recorded later does not change them.",
    )
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "customers_new"
        ordering = ["name", "id"]
        constraints = [
            # Hashed, because a phone column may hold any text and an index entry may not.
            models.UniqueConstraint(
                F("company"),
                MD5("phone"),
                name="customers_new_company_phone_key",
                condition=Q(merged_into__isnull=True, phone_is_shared=False),
            ),
            models.CheckConstraint(name="customers_new_not_into_itself", condition=~Q(merged_into=F("id"))),
        ]
        indexes = [
            models.Index(
                fields=["company", "-created_at", "-id"], include=["merged_into"], name="customers_new_newest_idx"
            ),
            models.Index(
                fields=["merged_into"], name="customers_new_merged_into_idx", condition=Q(merged_into__isnull=False)
            ),
            models.Index(F("company"), MD5("phone"), name="customers_new_phone_idx", condition=Q(phone__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.phone or "Customer without name"


class CustomerContact(CompanyOwned):
    """One (name, e-mail, phone) exactly as recorded, with the keys it is matched by.

    Known to support staff as "also known as". The id is computed from the company and the three
    texts, so that the same contact is the same row whoever records it.
    """

    customer = reference("crm.Customer", "contacts")
    name = models.TextField(null=True, blank=True)
    email = models.TextField(null=True, blank=True)
    phone = models.TextField(null=True, blank=True)
    name_key = models.TextField(null=True, blank=True)
    email_key = models.TextField(null=True, blank=True)
    phone_key = models.TextField(null=True, blank=True)
    extra_keys = ArrayField(models.TextField(), default=list, blank=True)
    flags = ArrayField(models.TextField(), default=list, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    placed_with = reference(
        "crm.CustomerContact",
        "placed",
        null=True,
        blank=True,
        help_text="The contact whose customer this one joined when it was first met; undo keeps them together.",
    )

    class Meta:
        db_table = "customer_contacts"
        ordering = ["-last_seen_at", "id"]
        indexes = [
            models.Index(fields=["company", "customer"], name="customer_contacts_customer_idx"),
            GinIndex(fields=["extra_keys"], name="customer_contacts_extra_idx", condition=~Q(extra_keys=[])),
            models.Index(
                F("company"), MD5("phone_key"), name="customer_contacts_phone_idx", condition=Q(phone_key__isnull=False)
            ),
            models.Index(
                F("company"), MD5("email_key"), name="customer_contacts_email_idx", condition=Q(email_key__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return " · ".join(part for part in (self.name, self.email, self.phone) if part) or "No contact recorded"


class CustomerAddress(CompanyOwned):
    """An address of a customer; exactly one is primary, the most recently used."""

    customer = reference("crm.Customer", "addresses")
    address = models.TextField()
    is_primary = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()

    class Meta:
        db_table = "customer_addresses"
        ordering = ["-is_primary", "-last_used_at", "id"]
        verbose_name_plural = "customer addresses"
        constraints = [
            models.UniqueConstraint(F("company"), F("customer"), MD5("address"), name="customer_addresses_address_key"),
            models.UniqueConstraint(
                fields=["customer"], name="customer_addresses_primary_key", condition=Q(is_primary=True)
            ),
        ]

    def __str__(self) -> str:
        return self.address


class CustomerRelation(CompanyOwned):
    """Two customers that are not the same, and why they look alike."""

    class Kind(models.TextChoices):
        HOUSEHOLD = "household", "Same household"
        WORKS_FOR = "works_for", "Works for"
        BRANCH_OF = "branch_of", "Branch of"

    customer = reference("crm.Customer", "relations")
    other = reference("crm.Customer", "related_to")
    kind = models.CharField(max_length=16, choices=Kind.choices)

    class Meta:
        db_table = "customer_relations"
        ordering = ["company", "id"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "other", "kind"], name="customer_relations_pair_key"),
            models.CheckConstraint(name="customer_relations_not_self", condition=~Q(customer=F("other"))),
        ]
        indexes = [models.Index(fields=["company", "other"], name="customer_relations_other_idx")]

    def __str__(self) -> str:
        return f"{self.customer} – {self.get_kind_display()} – {self.other}"

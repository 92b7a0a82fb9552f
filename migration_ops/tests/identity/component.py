"""The smallest contacts a rule can be shown with."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from migration_ops.identity.clusters import Contact
from migration_ops.identity.emails import is_role

START = datetime(2024, 1, 1, tzinfo=UTC)


def contact(number, name=None, mail=None, phone=None, *, extra=(), at=()):
    return Contact(
        id=UUID(int=number),
        name_key=name,
        email_key=mail,
        phone_key=phone,
        extra_keys=tuple(extra),
        email_is_role=mail is not None and is_role(mail),
        address_keys=tuple(at),
        first_at=(START + timedelta(days=number)).timestamp(),
    )


def component(*rows):
    """Contacts numbered from 1, each given as (name, mailbox, phone) and perhaps an address."""
    return [contact(number, *row[:3], at=(row[3],) if len(row) > 3 else ()) for number, row in enumerate(rows, start=1)]


def shape(decision):
    """A decision in numbers: clusters, (a, b, reason) of conflicts, (a, b, kind) of relations."""
    return (
        [[item.int for item in cluster] for cluster in decision.clusters],
        [(item.contact_a.int, item.contact_b.int, item.reason.value) for item in decision.conflicts],
        [(item.contact_a.int, item.contact_b.int, item.kind.value) for item in decision.relations],
    )

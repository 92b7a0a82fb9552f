"""Match keys of one recorded contact: the forms in which name, e-mail and phone are compared (pure).

Keys are equal if and only if the rules call the values equal; nothing recorded is changed. ``RULES_VERSION`` goes
up whenever a key may come out differently, so that stored keys can be told from current ones.
"""

from typing import Final, NamedTuple

from migration_ops.identity import emails, folding, phones

RULES_VERSION: Final = 1

CONTACT_FLAGS: Final = frozenset(
    {
        "email_domain_typo",
        "email_in_phone",
        "email_invalid",
        "email_line_break",
        "email_placeholder",
        "email_role",
        "email_two",
        "email_unicode",
        "mojibake",
        "name_bidi",
        "name_control",
        "name_long",
        "name_missing",
        "name_mixed_script",
        "name_placeholder",
        "name_symbol",
        "phone_country_unclear",
        "phone_extension",
        "phone_in_email",
        "phone_invalid",
        "phone_placeholder",
        "phone_precision_lost",
        "phone_two",
        "phone_unassigned",
        "two_people",
    }
)


class ContactKeys(NamedTuple):
    """The keys of one contact, what its golden record shows, and what is odd about it.

    ``extra_keys`` holds further usable mailboxes and numbers in the same forms, sorted, wherever in the contact's
    e-mail and phone they were found; never a role mailbox. A key with "@" is a mailbox, any other a number.
    """

    name_key: str | None
    email_key: str | None
    phone_key: str | None
    extra_keys: tuple[str, ...]
    email_is_role: bool
    display_name: str | None
    display_email: str | None
    display_phone: str | None
    flags: tuple[str, ...]


def contact_keys(name: str | None, email: str | None, phone: str | None, region: str) -> ContactKeys:
    """The match keys of one contact.

    Args:
        name: customer name as recorded.
        email: e-mail as recorded.
        phone: phone as recorded.
        region: the company's country, ISO 3166 alpha-2 (``US``).
    Returns:
        Keys, display values and sorted flags out of ``CONTACT_FLAGS``. Never raises for any text.
    """
    read_name = folding.read_name(name)
    read_mail = emails.read_emails(email)
    read_phone = phones.read_phones(phone, region)
    email_key = read_mail.keys[0] if read_mail.keys else None
    phone_key = read_phone.keys[0] if read_phone.keys else None
    flags = read_name.flags + read_mail.flags + read_phone.flags
    is_role = email_key is not None and emails.is_role(email_key)
    if is_role:
        flags = (*flags, "email_role")
    extra: tuple[str, ...] = ()
    if len(read_mail.keys) > 1 or len(read_phone.keys) > 1 or read_mail.leftover or (phone and "@" in phone):
        strays, stray_flags = _strays(read_mail, phone, region)
        found = {*read_mail.keys[1:], *read_phone.keys[1:], *strays} - {email_key, phone_key}
        extra = tuple(sorted(key for key in found if key is not None and not ("@" in key and emails.is_role(key))))
        flags += stray_flags
    return ContactKeys(
        read_name.key, email_key, phone_key, extra, is_role, read_name.display, read_mail.display, read_phone.display,
        tuple(sorted(set(flags))) if len(flags) > 1 else flags,
    )  # fmt: skip


def _strays(read_mail: emails.ReadEmails, phone: str | None, region: str) -> tuple[set[str], tuple[str, ...]]:
    """Mailboxes in the phone column and numbers in the e-mail column, with a flag for each kind found."""
    flags: tuple[str, ...] = ()
    found: set[str] = set()
    if phone and "@" in phone:
        mailboxes = emails.read_emails(phone).keys
        found.update(mailboxes)
        flags += ("email_in_phone",) if mailboxes else ()
    if sum(sign.isdigit() for sign in read_mail.leftover) >= phones.MIN_DIGITS:
        numbers = phones.read_phones(read_mail.leftover, region).keys
        found.update(numbers)
        flags += ("phone_in_email",) if numbers else ()
    return found, flags

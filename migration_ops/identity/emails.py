"""Mailboxes in a recorded text: which are usable, and the one form in which they are compared.

The comparison form is NFKC, case-folded, without "+tag", and for Gmail without dots and with one domain name.
What was recorded is kept by the contact; only the key is changed this far.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from migration_ops.identity import lexicon

MAX_MAILBOX: Final = 254
MAX_LOCAL: Final = 64
# More than this many mailboxes in one field is a pasted document, not a contact.
MAX_MAILBOXES: Final = 8
# Only so much of a column is read for mailboxes; normalisation of hostile text is not linear.
MAX_READ: Final = 4_000

# No two neighbouring parts can match the same character, so both are linear.
_PLAIN: Final = re.compile(r"[A-Za-z0-9_%+'\-]+(?:\.[A-Za-z0-9_%+'\-]+)*@((?:[A-Za-z0-9\-]+\.)+[A-Za-z]{2,24})")
_SEPARATORS: Final = re.compile(r"""[\s,;|/<>()\[\]"\\]+""")
_LOCAL_SYMBOLS: Final = frozenset("._%+'-!#$&*=?^`{|}~")
_INVISIBLE: Final = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_GMAIL: Final = frozenset(("gmail.com", "googlemail.com"))
_TRAILING: Final = ".,;:!"
_NOT_WORD: Final = re.compile(r"[\W_]+")
_HEAD: Final = re.compile("[a-z]+")


class ReadEmails(NamedTuple):
    """What one e-mail column holds: comparison forms in recorded order, display text, flags, other text."""

    keys: tuple[str, ...]
    display: str | None
    flags: tuple[str, ...]
    leftover: str = ""


NO_EMAILS: Final = ReadEmails((), None, ())


def _domain_key(domain: str) -> str:
    """The comparison form of a lower-case domain: one name for Gmail, punycode for other scripts."""
    if domain in _GMAIL:
        return "gmail.com"
    if not domain.isascii():
        try:
            return domain.encode("idna").decode("ascii")
        except UnicodeError:
            return domain
    return domain


def fold_mailbox(mailbox: str) -> str:
    """The comparison form of one usable mailbox."""
    folded = mailbox.lower() if mailbox.isascii() else unicodedata.normalize("NFKC", mailbox).casefold()
    local, _, domain = folded.rpartition("@")
    domain = _domain_key(domain)
    cut = local.find("+")
    if cut > 0:
        local = local[:cut]
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}"


def is_role(key: str) -> bool:
    """Whether a folded mailbox belongs to an office, not to a person (info@, accounts@)."""
    local = key[: key.rindex("@")]
    if local in lexicon.ROLE_WORDS:
        return True
    head = _HEAD.match(local)
    if head is None or head[0] not in lexicon.ROLE_WORDS:
        return False
    parts = [part for part in _NOT_WORD.split(local.rstrip("0123456789")) if part]
    return len(parts) == 1 or parts[-1] in lexicon.ROLE_WORDS


def is_placeholder(key: str) -> bool:
    """Whether a folded mailbox was typed to fill the field (none@…, noreply@…)."""
    local, _, domain = key.partition("@")
    return local in lexicon.MAILBOX_PLACEHOLDERS or domain in lexicon.DOMAIN_PLACEHOLDERS


def _is_usable(token: str) -> bool:
    """Whether one token without separators is a mailbox; also for other scripts than ASCII."""
    if len(token) > MAX_MAILBOX:
        return False
    local, at, domain = token.partition("@")
    if not at or not local or len(local) > MAX_LOCAL:
        return False
    if token.isascii():
        return _PLAIN.fullmatch(token) is not None
    labels = domain.split(".")
    if len(labels) < 2 or not labels[-1].isalpha() or len(labels[-1]) < 2:
        return False
    if any(not label or not label.replace("-", "").isalnum() for label in labels):
        return False
    if local[0] == "." or local[-1] == "." or ".." in local:
        return False
    return all(letter in _LOCAL_SYMBOLS or letter.isalnum() or unicodedata.combining(letter) for letter in local)


def _tokens(text: str) -> tuple[list[str], bool]:
    """Usable mailboxes in the text, in order, and whether one had stray punctuation at its end."""
    found: list[str] = []
    trimmed = False
    for raw_token in _SEPARATORS.split(text):
        token = raw_token.strip("'")
        if "@" not in token:
            continue
        if token[:7].lower() == "mailto:":
            token = token[7:].partition("?")[0]
        bare = token.rstrip(_TRAILING)
        if ":" in bare:
            # "Email:a@x.com", "a@x.com:work"
            bare = next((part for part in bare.split(":") if "@" in part), bare)
        if _is_usable(bare):
            trimmed = trimmed or bare != token
            found.append(bare)
            if len(found) == MAX_MAILBOXES:
                break
    return found, trimmed


def _display(mailbox: str) -> str:
    local, _, domain = mailbox.rpartition("@")
    return f"{local}@{domain.lower()}"


def _joined(text: str) -> str | None:
    """A single mailbox broken by a line end, put together; None if the text is anything else."""
    if text.count("@") != 1 or _is_usable(text.split(None, 1)[0]):
        return None
    joined = re.sub(r"[\r\n\t\v\f]+", "", text)
    return joined if _is_usable(joined) else None


def read_emails(recorded: str | None) -> ReadEmails:
    """What an e-mail column holds.

    Args:
        recorded: the column as it is, of any length.
    Returns:
        Usable mailboxes as comparison forms (placeholders left out), the text to show, and flags.
        Linear in the length of the text, of which the first ``MAX_READ`` characters are read for mailboxes.
    """
    if not recorded:
        return NO_EMAILS
    plain = _PLAIN.fullmatch(recorded)
    if plain is not None and len(recorded) <= MAX_MAILBOX and recorded.index("@") <= MAX_LOCAL:
        return _one(recorded, plain[1])
    return _read_unusual(recorded)


def _one(mailbox: str, domain: str) -> ReadEmails:
    """The ordinary case: the column is one plain mailbox and nothing else."""
    lowered = domain.lower()
    local = mailbox[: -len(domain) - 1]
    display = mailbox if lowered == domain else f"{local}@{lowered}"
    key = fold_mailbox(mailbox) if "+" in local or lowered in _GMAIL else mailbox.lower()
    if is_placeholder(key):
        return ReadEmails((), display, ("email_placeholder",))
    if lowered in lexicon.DOMAIN_TYPOS:
        return ReadEmails((key,), display, ("email_domain_typo",))
    return ReadEmails((key,), display, ())


def _read_unusual(recorded: str) -> ReadEmails:
    flags: set[str] = set()
    text = recorded[:MAX_READ].translate(_INVISIBLE)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = text.strip().strip("\x00\x1c\x1d\x1e\x1f").strip()
    if not text:
        return NO_EMAILS
    if "\n" in text or "\r" in text:
        flags.add("email_line_break")
    whole = text if _is_usable(text) else _joined(text)
    mailboxes, trimmed = ([whole], False) if whole is not None else _tokens(text)
    if not mailboxes:
        words = " ".join(_NOT_WORD.split(text[:80].lower())).strip()
        flags.add("email_invalid")
        if not words or words in lexicon.VALUE_PLACEHOLDERS or is_placeholder(text[:80].lower()):
            flags.add("email_placeholder")
        return ReadEmails((), " ".join(recorded.split()) or None, tuple(sorted(flags)), text)
    keys: dict[str, None] = {}
    for mailbox in mailboxes:
        key = fold_mailbox(mailbox)
        if is_placeholder(key):
            flags.add("email_placeholder")
            continue
        keys[key] = None
        if mailbox.rpartition("@")[2].lower() in lexicon.DOMAIN_TYPOS:
            flags.add("email_domain_typo")
        if not mailbox.isascii():
            flags.add("email_unicode")
    if len(mailboxes) > 1:
        flags.add("email_two")
    display = _display(mailboxes[0])
    if len(mailboxes) == 1 and (trimmed or text[-1] in _TRAILING):
        # Shown as recorded: dropping the stray sign would be a silent correction.
        flags.add("email_invalid")
        display = " ".join(text.split())
    leftover = _SEPARATORS.sub(" ", text) if whole is None else ""
    for mailbox in mailboxes if leftover else ():
        leftover = leftover.replace(mailbox, " ")
    return ReadEmails(tuple(keys), display, tuple(sorted(flags)), leftover)

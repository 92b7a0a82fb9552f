"""A recorded name in the one form in which names are compared, and what is odd about it.

Folded: compatibility forms and case folded, Latin accents dropped, punctuation and spacing made one space,
"Last, First" turned round, titles and credentials dropped, suffixes and legal forms in one spelling.
"""

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import Final, NamedTuple

from migration_ops.identity import lexicon

# A longer text is not a name: it is compared as a whole, by digest.
MAX_NAME: Final = 1_000
LONG_NAME: Final = 300

_ORDINARY: Final = re.compile(r"[A-Za-z][A-Za-z .'\-]*")
_INVISIBLE: Final = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_BIDI: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SPECIAL: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t"}
)
# Marks that are ornament: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowel signs. Others carry meaning.
_MARKS: Final = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f]+")
_APOSTROPHES: Final = re.compile("['’‘`´ʼ]")
# Letters in lower case and digits; of every other sign a space.
_ASCII_WORDS: Final = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
_ATTENTION: Final = re.compile(r"\b(?:attn|attention|c/o)\b[.:]?", re.I)
_TWO_PEOPLE: Final = re.compile(r"\S\s*[&+/]\s*\S|\s(?:and|und|et|oder|or)\s", re.I)
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_LOOKALIKE: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")


class ReadName(NamedTuple):
    """What a name column holds: the comparison form (None if there is none), the text to show, flags."""

    key: str | None
    display: str | None
    flags: tuple[str, ...]


NO_NAME: Final = ReadName(None, None, ("name_missing",))


@lru_cache(maxsize=1024)  # contacts are read in the order of their names
def read_name(recorded: str | None) -> ReadName:
    """What a name column holds.

    Args:
        recorded: the column as it is, of any length.
    Returns:
        The folded name, None if blank or a placeholder; the name trimmed, otherwise as typed; flags.
    """
    if not recorded:
        return NO_NAME
    if len(recorded) < LONG_NAME and _ORDINARY.fullmatch(recorded):
        key = fold_text(recorded)
        if not _SPECIAL_TOKENS.isdisjoint(key.split(" ")):
            return _read_unusual(recorded)
        display = recorded.strip(" ")
        if key in lexicon.NAME_PLACEHOLDERS or _is_filler(key):
            return ReadName(None, display, ("name_placeholder",))
        return ReadName(key, display, ())
    return _read_unusual(recorded)


# A name with any of these needs the long way.
_SPECIAL_TOKENS: Final = (
    lexicon.TITLES
    | lexicon.CREDENTIALS
    | frozenset(lexicon.SUFFIXES)
    | frozenset(lexicon.LEGAL_FORMS)
    | {"and", "und", "et", "or", "oder", "attn", "attention"}
    # Ends of "L L C", "L L P", "L T D".
    | {"c", "p", "d"}
)


def _is_filler(key: str) -> bool:
    return len(key) > 1 and key == key[0] * len(key)


def _read_unusual(recorded: str) -> ReadName:
    flags = _odd_signs(recorded)
    display = recorded.strip().strip("\u200b\u200c\u200d\u2060\ufeff\u00ad").strip()
    if not display:
        return NO_NAME if not flags else ReadName(None, None, tuple(sorted({*flags, "name_missing"})))
    if len(display) >= LONG_NAME:
        flags.add("name_long")
    if len(display) > MAX_NAME:
        digest = hashlib.sha256(" ".join(display.split()).encode("utf-8", "surrogatepass")).hexdigest()
        return ReadName("#" + digest, display, tuple(sorted(flags)))
    key, is_two = fold_name(display)
    if not key or key in lexicon.NAME_PLACEHOLDERS or _is_filler(key):
        flags.add("name_placeholder")
        return ReadName(None, display, tuple(sorted(flags)))
    if is_two:
        flags.add("two_people")
    return ReadName(key, display, tuple(sorted(flags)))


def _odd_signs(recorded: str) -> set[str]:
    """Signs that can deceive or that no name has; the text itself is never changed for them."""
    text = recorded[: 10 * MAX_NAME]
    flags: set[str] = set()
    if any(sign < " " and sign not in "\t\n\r\v\f" for sign in text) or "\x7f" in text:
        flags.add("name_control")
    if text.isascii():
        return flags
    if not _BIDI.isdisjoint(text):
        flags.add("name_bidi")
    categories = {unicodedata.category(sign) for sign in set(text) if sign > "\x7f"}
    if "So" in categories or "Cs" in categories:
        flags.add("name_symbol")
    if any("\x80" <= sign <= "\x9f" for sign in text):
        flags.add("name_control")
    if _LATIN.search(text) and _LOOKALIKE.search(text):
        flags.add("name_mixed_script")
    if "\ufffd" in text or unmangled(text[:MAX_NAME]) is not None:
        flags.add("mojibake")
    return flags


def unmangled(text: str) -> str | None:
    """The text a doubly encoded one ("FranÃ§ois") most likely was; None if it is not doubly encoded.

    A proposal for staff, never applied by the machine.
    """
    for encoding in ("cp1252", "latin-1"):
        try:
            repaired = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return repaired if repaired != text else None
    return None


def fold_text(text: str) -> str:
    """Text as words of letters and digits with single spaces, without case, accents and punctuation."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_INVISIBLE)).casefold().translate(_SPECIAL)
        text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text)))
        # Marks of other scripts (Devanagari vowels) are part of the word, though not letters.
        text = "".join(
            " " if not (sign.isalnum() or unicodedata.category(sign)[0] == "M" or sign in "'’‘`´ʼ&+/,") else sign
            for sign in text
        )
        text = _APOSTROPHES.sub("", text)
        return " ".join("".join(" " if sign in "&+/,_" else sign for sign in text).split())
    return " ".join(text.encode("ascii").translate(_ASCII_WORDS, b"'`").decode("ascii").split())


def fold_name(name: str) -> tuple[str, bool]:
    """The folded name ("" if nothing is left) and whether it names two people.

    Args:
        name: at most ``MAX_NAME`` characters.
    """
    name = unicodedata.normalize("NFKC", name) if not name.isascii() else name
    attention = _ATTENTION.search(name)
    if attention is not None:
        before = name[: attention.start()].strip(" ,;:-(")
        name = before or name[attention.end() :]
    is_two = _TWO_PEOPLE.search(name) is not None
    parts = [_spelled(fold_text(part.replace("&", " and ").replace("+", " and "))) for part in name.split(",")]
    parts = [part for part in parts if part]
    tokens = _ordered(parts)
    if is_company(" ".join(tokens)):
        is_two = False
    elif is_two:
        pass
    else:
        tokens = _without_titles(tokens)
    return " ".join(tokens), is_two


def _spelled(folded: str) -> list[str]:
    """Tokens with "l l c" and "l t d" closed up and legal forms in one spelling."""
    for spaced, closed in (("l l c", "llc"), ("l l p", "llp"), ("p l l c", "pllc"), ("l t d", "ltd")):
        if (" " + folded).endswith(" " + spaced):
            folded = folded[: -len(spaced)] + closed
            break
    tokens = folded.split()
    if len(tokens) > 1 and tokens[-1] in lexicon.LEGAL_FORMS:
        tokens[-1] = lexicon.LEGAL_FORMS[tokens[-1]]
    return tokens


def _is_tail(tokens: list[str]) -> bool:
    """Whether what follows a comma is a suffix, a credential or a legal form, not a first name."""
    return all(
        token in lexicon.SUFFIXES or token in lexicon.CREDENTIALS or token in lexicon.LEGAL_FORMS for token in tokens
    )


def _ordered(parts: list[list[str]]) -> list[str]:
    """Tokens in spoken order: "Last, First" turned round, a suffix last."""
    if not parts:
        return []
    head, rest = parts[0], parts[1:]
    tails = [token for part in rest if _is_tail(part) for token in part]
    firsts = [part for part in rest if not _is_tail(part)]
    if len(firsts) == 1 and len(firsts[0]) <= 4 and len(head) <= 3 and not is_company(" ".join(head + tails)):
        first = firsts[0]
        # "Smith Jr, John" and "Smith, John Jr": the suffix belongs at the end.
        moved = [token for token in (*head[1:], *first[1:]) if token in lexicon.SUFFIXES]
        head = head[:1] + [token for token in head[1:] if token not in lexicon.SUFFIXES]
        first = first[:1] + [token for token in first[1:] if token not in lexicon.SUFFIXES]
        tokens = first + head + moved + tails
    else:
        tokens = head + [token for part in rest for token in part]
    tail = [lexicon.LEGAL_FORMS.get(token, token) for token in tokens[-1:] if len(tokens) > 1]
    return tokens[:-1] + tail if tail else tokens


def _without_titles(tokens: list[str]) -> list[str]:
    while len(tokens) > 1 and tokens[0] in lexicon.TITLES:
        tokens = tokens[1:]
    while len(tokens) > 2 and tokens[-1] in lexicon.CREDENTIALS:
        tokens = tokens[:-1]
    if len(tokens) > 2 and tokens[-1] in lexicon.SUFFIXES:
        tokens = [*tokens[:-1], lexicon.SUFFIXES[tokens[-1]]]
    return tokens


@lru_cache(maxsize=8192)
def is_company(key: str) -> bool:
    """Whether a folded name is that of a company: it ends in a legal form or holds a company's word."""
    tokens = key.split(" ")
    if len(tokens) < 2:
        return False
    if tokens[-1] in lexicon.LEGAL_FORMS or not lexicon.COMPANY_WORDS.isdisjoint(tokens):
        return True
    return len(tokens) > 2 and not lexicon.SOFT_COMPANY_WORDS.isdisjoint(tokens)

"""A recorded address in the one form in which addresses are compared (pure)."""

import re
from typing import Final

from migration_ops.identity import lexicon
from migration_ops.identity.folding import fold_text

_WORDS: Final = {
    "street": "st", "str": "st", "avenue": "ave", "av": "ave", "road": "rd", "drive": "dr", "lane": "ln",
    "court": "ct", "crt": "ct", "place": "pl", "boulevard": "blvd", "blv": "blvd", "circle": "cir", "circuit": "cct",
    "crescent": "cres", "cr": "cres", "highway": "hwy", "parkway": "pkwy", "terrace": "ter", "tce": "ter",
    "square": "sq", "trail": "trl", "close": "cl", "north": "n", "south": "s", "east": "e", "west": "w",
    "northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw", "apartment": "apt", "suite": "ste",
    "unit": "apt", "floor": "fl", "mount": "mt", "saint": "st", "way": "wy", "strasse": "st",
}  # fmt: skip
_NOISE: Final = frozenset(("apt", "ste", "no", "usa", "us", "united", "states"))
_GLUED: Final = re.compile(r"(?<=[0-9])(?=[a-z]{3,})|(?<=[a-z]{3})(?=[0-9])")


def fold_address(recorded: str) -> str:
    """An address as words in one spelling ("12 Oak Street, Apt 4" is "12 oak st 4"); "" if it says nothing."""
    words: list[str] = []
    for word in fold_text(recorded[:500]).split():
        # Of one kind of signs, as nearly all: the pattern would take most of the time.
        if word.isalpha() or word.isdigit():
            words.append(_WORDS.get(word, word))
        else:
            words += [_WORDS.get(part, part) for part in _GLUED.sub(" ", word).split()]
    folded = " ".join([word for word in words if word not in _NOISE])
    return "" if folded in lexicon.VALUE_PLACEHOLDERS else folded

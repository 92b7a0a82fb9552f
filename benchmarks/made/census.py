"""Two further populations without traps: census records heavily misspelt, and short profiles with many values missing."""

import random

from benchmarks.made import lists
from benchmarks.made.traps import Row, digit_typo, typo

TOWNS = tuple(
    f"{one}{two}" for one in ("north", "glen", "ash", "river", "stone", "mount ", "red", "port ", "black", "king", "cast", "wool", "mar", "bal", "hol", "wyn")
    for two in ("field", "ton", "brook", "ville", "ford", "haven", "gate", "dale", "wood", "bury", "more", "lea", "ridge", "worth")
)  # fmt: skip
STATES = ("nsw", "vic", "qld", "wa", "sa", "act", "tas")
PLACES = (
    "delmar",
    "rosetta village",
    "the willows",
    "hillview",
    "kildurham",
    "brentwood",
    "lot 3",
    "glen alvie",
    "mandalay",
    "bonnie doon",
)


def census(customers: int, rows: int, seed: int, *, phone: float = 1.0, address: float = 1.0) -> list[Row]:
    """Records with up to two changes in a field and several in all; ``phone`` and ``address`` are shares filled."""
    source = random.Random(seed)
    first_weights = [1 / (place + 8) for place in range(len(lists.FIRST))]
    last_weights = [1 / (place + 8) for place in range(len(lists.LAST))]
    originals = []
    for _ in range(customers):
        originals.append(
            {
                "first": source.choices(lists.FIRST, first_weights)[0], "last": source.choices(lists.LAST, last_weights)[0],
                "number": str(source.randint(1, 250)),
                "street": f"{source.choice(lists.STREETS)} {source.choice(('street', 'place', 'crescent', 'circuit', 'avenue', 'close', 'court'))}",
                "house": source.choice(PLACES) if source.random() < 0.6 else "", "suburb": source.choice(TOWNS),
                "postcode": str(source.randint(2000, 6999)), "state": source.choices(STATES, (34, 25, 20, 9, 7, 3, 2))[0],
                "id": str(source.randint(1_000_000, 9_999_999)),
            }
        )  # fmt: skip
    made = [_census_row(number, original, source, phone, address) for number, original in enumerate(originals)]
    while len(made) < rows:
        number = source.randrange(customers)
        for _ in range(source.choices((1, 2, 3, 4, 5), (35, 25, 20, 12, 8))[0]):
            changed = dict(originals[number])
            for _ in range(source.choices((1, 2, 3, 4, 5), (20, 25, 25, 18, 12))[0]):
                _change(changed, source)
            made.append(_census_row(number, changed, source, phone, address))
    source.shuffle(made)
    return made[:rows]


def _change(record: dict[str, str], source: random.Random) -> None:
    field = source.choices(
        ("first", "last", "number", "street", "house", "suburb", "postcode", "state", "id"),
        (12, 14, 10, 16, 14, 14, 8, 4, 8),
    )[0]
    dice = source.random()
    if field == "id":
        record["id"] = digit_typo(record["id"], source)
    elif dice < 0.15 and field in ("first", "house", "number", "street"):
        record[field] = ""
    elif dice < 0.23 and field in ("first", "last"):
        record["first"], record["last"] = record["last"], record["first"]
    elif dice < 0.30 and field in ("street", "house", "suburb"):
        record["street"], record["house"] = record["house"], record["street"]
    elif field in ("number", "postcode"):
        if len(record[field]) > 2:
            record[field] = digit_typo(record[field], source)
    elif record[field]:
        for _ in range(source.choices((1, 2), (70, 30))[0]):
            record[field] = typo(record[field], source)


def _census_row(number: int, record: dict[str, str], source: random.Random, phone: float, address: float) -> Row:
    words = [record[key] for key in ("number", "street", "house", "suburb", "postcode", "state")]
    return Row(
        number,
        " ".join(part for part in (record["first"], record["last"]) if part) or None,
        None,
        record["id"] if source.random() < phone else None,
        " ".join(part for part in words if part) if source.random() < address else None,
    )


def profiles(customers: int, rows: int, seed: int, *, birth_as_phone: bool) -> list[Row]:
    """First name, surname, town, e-mail and perhaps a birth date in the phone's place; much missing, much misspelt."""
    source = random.Random(seed)
    made: list[Row] = []
    towns = ["london"] * 30 + ["birmingham", "manchester", "leeds", "glasgow"] * 4 + list(TOWNS[:40])
    for number in range(customers):
        first, last = source.choice(lists.FIRST), source.choice(lists.LAST)
        birth = f"{source.randint(1940, 2012)}-{source.randint(1, 12):02d}-{source.randint(1, 28):02d}"
        mail = f"{first}{source.randint(1, 300)}@{source.choice(lists.LAST)}.{source.choice(('com', 'net', 'org', 'info'))}"
        town = source.choice(towns)
        for _ in range(source.choices((1, 2, 3, 4, 5, 6), (8, 12, 20, 25, 20, 15))[0]):
            made.append(_profile(number, first, last, birth, mail, town, source, birth_as_phone))
    source.shuffle(made)
    return made[:rows]


def _profile(
    number: int, first: str, last: str, birth: str, mail: str, town: str, source: random.Random, birth_as_phone: bool
) -> Row:
    def spoiled(text: str, missing: float, wrong: float) -> str:
        if source.random() < missing:
            return ""
        for _ in range(source.choices((1, 2), (75, 25))[0] if source.random() < wrong else 0):
            text = typo(text, source)
        return text

    first, last = spoiled(first, 0.15, 0.15), spoiled(last, 0.15, 0.15)
    if first and last and source.random() < 0.06:
        first, last = last, first
    if source.random() < 0.14:
        birth = (
            birth[:8] + f"{source.randint(1, 28):02d}"
            if source.random() < 0.5
            else birth[:5] + f"{source.randint(1, 12):02d}" + birth[7:]
        )
    return Row(
        number,
        " ".join(part for part in (first, last) if part).title() or None,
        spoiled(mail, 0.2, 0.15) or None,
        birth if birth_as_phone else None,
        spoiled(town.title(), 0.18, 0.12) or None,
    )

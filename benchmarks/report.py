"""The tables a person reads."""

from statistics import median
from typing import Any


def render_size(size: dict[str, Any], *, startup: float, workers: int, flag: str | None) -> str:
    """One size: times, ratios, steps, losses, memory."""
    rows, spec, ours = size["rows"], size["spec"], size["ours"]
    lines = [f"\n{rows:,} rows"]
    if spec:
        lines.append(_times("specification's scripts", spec, rows))
    if ours:
        how = f"without validation ({flag})" if flag else "its validation included"
        lines.append(_times(f"migrate_legacy, {workers} workers, {how}", ours, rows))
        middle = median(run["seconds"] for run in ours)
        lines.append(f"    of which Python and Django start-up {startup:.2f} s; without it {middle - startup:.2f} s")
    if size["ours_with_validation"]:
        lines.append(_times("migrate_legacy with its validation", [size["ours_with_validation"]], rows))
    if ratios := size["ratios"]:
        each = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        lines.append(
            f"  ours / specification: min {min(ratios):.2f}, median {median(ratios):.2f}, max {max(ratios):.2f}"
            f"  (pair by pair: {each})"
        )
        bare = size["ratios_without_verification"]
        lines.append(f"  against the scripts without their verification blocks: median {median(bare):.2f}")
    if spec:
        lines.append("  specification, statement by statement (median):")
        for step in spec[0]["steps"]:
            seconds = median(run["steps"][step] for run in spec)
            lines.append(f"    {step:<12}{seconds:9.2f} s")
    lines.extend(_losses(spec, ours))
    if spec and spec[0].get("verdicts"):
        lines.append("  the specification's own verification blocks:")
        lines.extend(f"    {name}: {said}" for name, said in spec[0]["verdicts"].items())
    for title, runs in (("specification", spec), ("migrate_legacy", ours)):
        lines.extend(_processes(title, runs))
    return "\n".join(lines)


def render_memory_growth(small: dict[str, Any], large: dict[str, Any]) -> str:
    """How the highest peak of each role grows from the smallest size to the largest."""
    lines = [
        f"\nPeak memory from {small['rows']:,} to {large['rows']:,} rows ({large['rows'] / small['rows']:.0f} times)"
    ]
    for title, side in (("specification", "spec"), ("migrate_legacy", "ours")):
        before, after = _highest(small[side]), _highest(large[side])
        for role in sorted(before.keys() & after.keys()):
            lines.append(
                f"  {title} {role}: {before[role] / 1024:.0f} -> {after[role] / 1024:.0f} MB, "
                f"{after[role] / before[role]:.2f} times"
            )
    return "\n".join(lines)


def _times(title: str, runs: list[dict[str, Any]], rows: int) -> str:
    seconds = [run["seconds"] for run in runs]
    middle = median(seconds)
    return f"  {title}: median {middle:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), {rows / middle:,.0f} rows/s"


def _losses(spec: list[dict[str, Any]], ours: list[dict[str, Any]]) -> list[str]:
    sides = [(title, runs[0]["losses"]) for title, runs in (("specification", spec), ("ours", ours)) if runs]
    header = "".join(f"{title + ' lost':>22}{'set aside':>14}" for title, _ in sides)
    lines = [f"  {'':<14}{'due':>16}{header}"]
    for what, first in sides[0][1].items():
        line = f"  {what:<14}{first['due']:>16,.0f}"
        for _, lost in sides:
            share = lost[what]["lost"] / lost[what]["due"] if lost[what]["due"] else 0
            line += f"{lost[what]['lost']:>14,.0f} {share:>6.1%}{lost[what]['set_aside']:>15,.0f}"
        lines.append(line)
    return lines


def _processes(title: str, runs: list[dict[str, Any]]) -> list[str]:
    """Peak of one process and CPU of all, by role; CPU time tells more than the clock on a busy machine."""
    lines = []
    for role, peak in sorted(_highest(runs).items()):
        cpu = median(run["cpu_s"].get(role, 0) for run in runs)
        lines.append(f"  {title}, {role}: highest RssAnon of one {peak / 1024:.0f} MB, CPU of all {cpu:.1f} s (median)")
    return lines


def _highest(runs: list[dict[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for run in runs:
        for role, peaks in run.get("memory_kb", {}).items():
            found[role] = max(found.get(role, 0), *peaks)
    return found

"""How commands speak: progress on stderr, one JSON object as the last line, exit codes of the command contract."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import monotonic
from typing import Any

from django.core.management.base import CommandError
from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar

from crm.exceptions import CrmError
from legacy.exceptions import LegacyError
from legacy.progress import reported
from migration_ops.backfill.progress import Progress
from migration_ops.backfill.runner import Report
from migration_ops.exceptions import MigrationOpsError, RunStopped

REFUSED = 2
NEEDS_ATTENTION = 3
LINE_EVERY_S = 5.0

PHASES = {
    "contacts": "reading contacts",
    "identity": "finding customers",
    "clusters": "deciding customers",
    "customers": "writing customers",
    "rows": "projecting rows",
    "sweep": "catching up",
    "indexes": "building indexes",
    "finish": "building indexes and finishing",
}


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what the services refuse into one clear line and exit code 2; a run that stopped itself ends with 3."""
    try:
        yield
    except RunStopped as error:
        raise CommandError(str(error), returncode=NEEDS_ATTENTION) from error
    except (MigrationOpsError, LegacyError, CrmError) as error:
        raise CommandError(str(error), returncode=REFUSED) from error


def duration(seconds: float) -> str:
    """Seconds in words: 42 s, 3 min 10 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def time_left(progress: Progress) -> str:
    """The time left as an interval, or nothing where no rate is measured yet."""
    if progress.seconds_left is None:
        return ""
    low, high = progress.seconds_left
    if duration(low) == duration(high):
        return f"{duration(low)} left"
    return f"{duration(low)} to {duration(high)} left"


def line_of(title: str, progress: Progress) -> str:
    """The progress in one line."""
    phase = PHASES.get(progress.phase, progress.phase)
    if progress.phase == "rows":
        parts = [f"{progress.done:,} of {progress.total:,} rows ({progress.share:.0%})"]
        if progress.rows_per_second:
            parts.append(f"{progress.rows_per_second:,.0f} rows/s")
        parts.append(time_left(progress))
    else:
        parts = [f"part {progress.parts_done} of {progress.parts}"] if progress.parts > 1 else []
    if progress.quarantined:
        parts.append(f"{progress.quarantined:,} quarantined")
    return f"{title}: {phase}" + "".join(f", {part}" for part in parts if part)


@contextmanager
def progress_of_run(title: str) -> Iterator[Report]:
    """Shows a run's progress on stderr: a bar on a terminal, a line every few seconds otherwise."""
    console = Console(stderr=True)
    if console.is_terminal:
        with Bar(TextColumn("{task.description}"), BarColumn(), console=console, transient=True) as bar:
            task = bar.add_task(title, total=1.0)
            yield lambda progress: bar.update(task, completed=progress.share, description=line_of(title, progress))
        return
    last = monotonic()

    def show(progress: Progress) -> None:
        nonlocal last
        if monotonic() - last >= LINE_EVERY_S:
            last = monotonic()
            sys.stderr.write(line_of(title, progress) + "\n")
            sys.stderr.flush()

    yield show


def plain(value: Any) -> Any:
    """A value as JSON holds it; decimals as text, so that no digit is lost."""
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


@contextmanager
def progress_of_tables(title: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how many tables are read, from the first one on: how many there are is known only then."""
    with ExitStack() as stack:
        show: list[Callable[[int], None]] = []

        def tell(done: int, total: int) -> None:
            if not show:
                show.append(stack.enter_context(reported(title, total=total, unit="tables")))
            show[0](done)

        yield tell

"""Work on one set of data by several processes, the results in the order of the tasks.

Each child is a copy of this process: it reads what is here without copying it, and must not touch the database.
"""

import gc
import os
import pickle
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, TypeVar

from migration_ops.exceptions import MigrationOpsError

T = TypeVar("T")


@contextmanager
def no_collection() -> Iterator[None]:
    """Nothing is looked through for cycles inside: millions of rows and pairs make none, and looking through them again
    and again is a tenth of the time of a search."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def processes() -> int:
    """How many processes the machine has room for: at most two, the parent has little to do meanwhile."""
    return min(2, len(os.sched_getaffinity(0)))


def results(work: Callable[[int], T], tasks: int, wanted: int) -> Iterator[T]:
    """The result of each task 0, 1, … in their order; nothing depends on how many processes there are.

    Args:
        work: takes the number of a task; runs in a child if more than one process is wanted. Its result is pickled.
        wanted: processes; 1 works here.
    Raises:
        MigrationOpsError: a child failed or was killed; says why, if it is known.
    """
    count = min(wanted, tasks)
    if count <= 1:
        yield from map(work, range(tasks))
        return
    children: dict[Connection, int] = {}
    # A child that looked for cycles would write to, and so copy, everything it shares with this process.
    if gc.isenabled():
        gc.collect()
    gc.freeze()
    try:
        for number in range(count):
            reader, writer = Pipe(duplex=False)
            with warnings.catch_warnings():
                # Python warns of locks other threads hold; a child computes, writes to its pipe and ends.
                warnings.simplefilter("ignore", DeprecationWarning)
                child = os.fork()
            if child == 0:
                _work(work, range(number, tasks, count), writer, [reader, *children])
            writer.close()
            children[reader] = child
        yield from _in_order(children, tasks)
    finally:
        gc.unfreeze()
        for reader, child in children.items():
            # Whoever still writes finds nobody reading, and ends.
            reader.close()
            os.waitpid(child, 0)


def _work(work: Callable[[int], Any], mine: range, writer: Connection, readers: list[Connection]) -> None:
    """Do these tasks and end; never returns."""
    code = 1
    with suppress(BaseException):
        for each in readers:
            each.close()
        for task in mine:
            try:
                result = (task, work(task), "")
            except Exception:  # noqa: BLE001 - told to the parent, which raises
                result = (task, None, traceback.format_exc(limit=-3))
            writer.send_bytes(pickle.dumps(result, protocol=5))
        code = 0
    # Neither the parent's connections nor its exit handlers are this process's to end.
    os._exit(code)


def _in_order(children: dict[Connection, int], tasks: int) -> Iterator[Any]:
    known: dict[int, Any] = {}
    open_ = set(children)
    expected = 0
    while expected < tasks:
        if not open_:
            raise MigrationOpsError("a process of the search ended before its work was done; is there enough memory?")
        for reader in wait(list(open_)):
            assert isinstance(reader, Connection)
            try:
                task, result, error = pickle.loads(reader.recv_bytes())
            except EOFError:
                open_.discard(reader)
                continue
            if error:
                raise MigrationOpsError(f"a process of the search failed: {error.strip()}")
            known[task] = result
        while expected in known:
            yield known.pop(expected)
            expected += 1

"""Peak private memory (RssAnon) of a process, its children, and the server's backends, by sampling /proc."""

import os
import threading
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
INTERVAL_S = 0.2


class MemorySampler:
    """Samples while the `with` block runs; `peaks_kb` then has the highest RssAnon of each process, in kB, by role.

    Roles: `main` is the process given, `worker` each of its descendants, `backend` each server process that serves
    the database. RssAnon leaves out shared buffers and program text, which the processes share.
    Backends are only seen where the server runs on this machine.
    """

    def __init__(self, *, database: str, root: int | None = None) -> None:
        self.database = database
        self.root = root
        self._peaks: dict[tuple[str, int], int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "MemorySampler":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def peaks_kb(self) -> dict[str, list[int]]:
        """Per role, the peak of each process, kB, highest first."""
        found: dict[str, list[int]] = {}
        for (role, _), peak in sorted(self._peaks.items(), key=lambda entry: -entry[1]):
            found.setdefault(role, []).append(peak)
        return found

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self._sample()

    def _sample(self) -> None:
        parents: dict[int, int] = {}
        anon: dict[int, int] = {}
        backends: set[int] = set()
        for entry in os.listdir(PROC):
            if not entry.isdigit():
                continue
            pid = int(entry)
            try:
                status = (PROC / entry / "status").read_text()
                command = (PROC / entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # ended meanwhile
            fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            if "RssAnon" not in fields:
                continue  # a kernel thread
            parents[pid] = int(fields["PPid"])
            anon[pid] = int(fields["RssAnon"].split()[0])
            # "postgres: user database [local] INSERT"; autovacuum and background workers have other titles.
            words = command.replace("\0", " ").split()
            if len(words) > 2 and words[0] == "postgres:" and words[2] == self.database:
                backends.add(pid)
        for pid, size in anon.items():
            role = "backend" if pid in backends else self._role(pid, parents)
            if role:
                self._peaks[role, pid] = max(size, self._peaks.get((role, pid), 0))

    def _role(self, pid: int, parents: dict[int, int]) -> str | None:
        if self.root is None:
            return None
        if pid == self.root:
            return "main"
        while pid in parents:
            pid = parents[pid]
            if pid == self.root:
                return "worker"
        return None

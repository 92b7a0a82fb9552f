"""Peak private memory (RssAnon) and CPU time of a process, its children and the server's backends, from /proc."""

import os
import threading
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
INTERVAL_S = 0.2
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ProcessSampler:
    """Samples while the `with` block runs; then `peaks_kb` has the highest RssAnon of each process by role, in kB,
    and `cpu_s` the CPU time of all processes of a role together, in seconds (short by up to one interval a process).

    Roles: `main` is the process given, `worker` each of its descendants, `backend` each server process that serves
    the database. RssAnon leaves out shared buffers and program text, which the processes share.
    Backends are only seen where the server runs on this machine.
    """

    def __init__(self, *, database: str, root: int | None = None) -> None:
        self.database = database
        self.root = root
        self._peaks: dict[tuple[str, int], int] = {}
        self._ticks: dict[tuple[str, int], int] = {}
        self._strangers: set[int] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "ProcessSampler":
        # Who was there before and has no part in it is not looked at again: reading all of /proc each time took a
        # twelfth of a processor, from the side that uses both of them.
        self._strangers = self._sample()
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

    @property
    def cpu_s(self) -> dict[str, float]:
        """Per role, the CPU time of all its processes, user and system, seconds."""
        found: dict[str, float] = {}
        for (role, _), ticks in self._ticks.items():
            found[role] = found.get(role, 0) + ticks / TICKS_PER_S
        return found

    def _run(self) -> None:
        while not self._stop.wait(INTERVAL_S):
            self._sample()

    def _sample(self) -> set[int]:
        """Note what is there; who has no role."""
        strangers: set[int] = set()
        parents: dict[int, int] = {}
        anon: dict[int, int] = {}
        ticks: dict[int, int] = {}
        backends: set[int] = set()
        for entry in os.listdir(PROC):
            if not entry.isdigit():
                continue
            pid = int(entry)
            if pid in self._strangers:
                continue
            try:
                status = (PROC / entry / "status").read_text()
                # Behind the program's name, which may hold blanks: user and system ticks are fields 14 and 15.
                times = (PROC / entry / "stat").read_text().rpartition(")")[2].split()[11:13]
                command = (PROC / entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue  # ended meanwhile
            fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
            if "RssAnon" not in fields:
                strangers.add(pid)  # a kernel thread
                continue
            parents[pid] = int(fields["PPid"])
            anon[pid] = int(fields["RssAnon"].split()[0])
            ticks[pid] = sum(map(int, times))
            # "postgres: user database [local] INSERT"; autovacuum and background workers have other titles.
            words = command.replace("\0", " ").split()
            if len(words) > 2 and words[0] == "postgres:" and words[2] == self.database:
                backends.add(pid)
        for pid, size in anon.items():
            role = "backend" if pid in backends else self._role(pid, parents)
            if role:
                self._peaks[role, pid] = max(size, self._peaks.get((role, pid), 0))
                self._ticks[role, pid] = ticks[pid]
            else:
                strangers.add(pid)
        return strangers

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

"""A real search in a process of its own, and its twin: the same search without an interruption."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from frontier_search import runner
from frontier_search.files import write_whole
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.training.kernels import library
from frontier_search.trial import Trial
from tests.faults import comparing
from tests.support import processes
from tests.support.processes import Process

NAME = "killed"
SPEC: dict[str, Any] = {
    "name": NAME,
    "dataset": "iris",
    "families": ["dense", "kronecker"],
    "trials": 24,
    "cohort": 4,
    "in_flight": 2,
    "seeds": 2,
    "budgets": [20, 40, 80],
}
WORKERS = 2
HEAD_START = "head_start"  # ray_tune, where the driver trains the first cohorts itself
OTHER_CLUSTER = {"RAY_ADDRESS": "127.0.0.1:1"}  # must not be used: each search starts its own Ray
END_S = 600.0  # a session that has not ended by then is stuck; others go before its mirror


class Searched:
    """One search in a home of its own, started by the command line.

    Args:
        home: an empty folder.
        flags: of ``run``.
        mirror: whether it has an MLflow mirror. Without one it ends five seconds earlier.
        database: an empty MLflow database to copy, which saves two seconds. None lets the mirror
            create it.
        workers: of ray_tune.
        confirm: the seeds on which its members are trained at its end, or None.
        changes: to SPEC; None leaves a key out.
    """

    def __init__(
        self,
        home: Path,
        executor: str,
        flags: Sequence[object] = (),
        mirror: bool = True,
        database: Path | None = None,
        workers: int = WORKERS,
        confirm: int | None = None,
        **changes: Any,
    ) -> None:
        self.home, self.executor, self.flags, self.mirror = home, executor, tuple(flags), mirror
        self._workers, self._confirm = workers, confirm
        self.folder = home / NAME
        self.log = home / "log"
        self.session = -1
        self._ray = tempfile.mkdtemp(prefix="ray-")  # short: its sockets' paths have a limit
        weakref.finalize(self, shutil.rmtree, self._ray, ignore_errors=True)
        home.mkdir(parents=True, exist_ok=True)
        write_whole(home / "question.yaml", _asked(changes).to_yaml().encode())
        if database:
            shutil.copy(database, home / "mlflow.db")

    @property
    def entry(self) -> catalog.Entry:
        return catalog.find(NAME, self.home)

    def start(self, script: str | None = None) -> Process:
        """Starts ``resume``, or ``run`` while the search is not defined.

        Args:
            script: as ``processes.start``.
        """
        self.session += 1
        defined = (self.folder / "search.yaml").exists()
        what = ["resume", NAME] if defined else ["run", self.home / "question.yaml", *self.flags]
        on_ray = self.executor in ("ray_tune", HEAD_START)
        where = ["--home", self.home, "--executor", "ray_tune" if on_ray else self.executor]
        where += ["--workers", self._workers] if self.executor == "ray_tune" else []
        where += ["--confirm", self._confirm] if self._confirm is not None else []
        return processes.start(
            [*what, *where, *([] if self.mirror else ["--no-mirror"])],
            self.log,
            script,
            {"RAY_TMPDIR": self._ray, **OTHER_CLUSTER},
        )

    def trials(self) -> list[Trial]:
        """Returns the trials that are in the storage now."""
        return catalog.read_trials(self.entry) if (self.folder / "search.yaml").exists() else []

    def finish(self, most_s: float = END_S) -> None:
        """Runs it to its end, without a kill; raises AssertionError unless it exits with 0.

        Args:
            most_s: a session that takes longer is stuck.
        """
        process = self.start()
        try:
            code = process.wait(most_s)
        finally:
            processes.end(process)
        assert code == 0, f"exit code {code}: {self.said()[-2000:]}"

    def problems(self, twin: Sequence[Trial]) -> list[str]:
        """Returns a sentence for all that is stuck or differs from the twin, once it has ended."""
        return comparing.stuck(self.entry, self.mirror) + comparing.disagreements(
            self.entry, twin, self.mirror
        )

    def end_as(self, twin: Sequence[Trial], finished: int = 0) -> None:
        """Resumes it to its end in one process, and asserts that it equals its twin.

        Trials that were finished before must be unchanged.

        Args:
            finished: how many trials must be finished before, at least.
        """
        before = {trial.number: trial.to_json() for trial in self.trials() if trial.state.finished}
        assert len(before) >= finished
        self.executor = "inline"
        self.finish()
        after = self.trials()
        assert {number: after[number].to_json() for number in before} == before
        assert self.problems(twin) == []

    def said(self) -> str:
        """Returns what its sessions have printed."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def twin(**changes: Any) -> Sequence[Trial]:
    """Returns the trials of the search without an interruption, trained once in this process.

    Args:
        changes: to SPEC; None leaves a key out.
    """
    return _twin(json.dumps(changes), os.environ.get(library.SWITCH))


@cache
def _twin(changes: str, kernel: str | None) -> Sequence[Trial]:
    with comparing.folder() as home:
        runner.run(_asked(json.loads(changes)), home, "inline")
        return catalog.read_trials(catalog.find(NAME, home))


@cache
def trained_s(executor: str) -> float:
    """Returns the seconds from the start of the search until its last trial was recorded."""
    with comparing.folder() as home:
        searched = Searched(home, executor, mirror=False)
        begin = time.time()
        searched.finish()
        return max(trial.finished_at or 0.0 for trial in searched.trials()) - begin


def _asked(changes: Mapping[str, Any]) -> Search:
    return Search.from_spec({k: v for k, v in (SPEC | changes).items() if v is not None})

"""Ray Tune under a search: the last words of workers, memory that runs out, slow starts."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.executors import Where, process_ray, ray_tune, tuning, watchdog
from frontier_search.executors.tune_adapters import COHORT, CohortTrainable
from frontier_search.frontier.frontier import Frontier
from frontier_search.search.search import Search
from frontier_search.storage.outcomes import OutcomeFiles
from tests.support import fakes, faulty, toys


def test_the_last_words_of_the_last_worker_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(faulty.ATTEMPTS, str(tmp_path / "attempts"))
    monkeypatch.setenv(faulty.SESSION, str(os.getpid()))
    monkeypatch.setattr(ray_tune, "_rows", lambda search, head_start: None)  # as on a cluster
    with pytest.raises(
        SearchError,
        match="3 workers in a row died before they trained anything; "
        "the last one said: .*attempt 3: no rows",
    ):
        runner.run(
            toys.search(dataset="tests.support.faulty:DATASET", in_flight=1),
            tmp_path,
            "ray_tune",
            Where(1),
        )


def test_workers_on_this_machine_make_no_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two searches of one Ray: rows that only this process can make reach the workers as files."""
    monkeypatch.setenv(faulty.ATTEMPTS, str(tmp_path / "attempts"))
    monkeypatch.setenv(faulty.SESSION, str(os.getpid()))
    monkeypatch.setenv("RAY_TMPDIR", tempfile.mkdtemp(prefix="ray-"))  # short, for its sockets
    asked = {"dataset": "tests.support.faulty:DATASET", "cohort": 2, "in_flight": 2}
    for name, families, trials in (("one", ["dense"], 4), ("two", ["linear"], 2)):
        found = toys.search(name=name, families=families, trials=trials, **asked)
        trained = runner.run(found, tmp_path / "workers", "ray_tune", Where(2))
        alone = runner.run(found, tmp_path / "alone", "inline")
        assert _losses(trained) == _losses(alone)
    assert not (tmp_path / "attempts").exists()
    session = Path(os.environ["RAY_TMPDIR"])
    assert list(session.glob("*/s/session_latest"))
    assert not list(session.rglob("rows-*"))
    process_ray.end()
    session.rmdir()


def _losses(frontier: Frontier) -> dict[int, float]:
    return {member.number: member.objectives["loss"] for member in frontier.members}


def test_memory_that_runs_out_stops_the_search_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ray's memory monitor kills the worker at 3 GiB above what is used now."""
    kib = {
        name: int(rest.split()[0])
        for name, _, rest in (
            line.partition(":") for line in Path("/proc/meminfo").read_text().splitlines()
        )
    }
    threshold = 1 - (kib["MemAvailable"] - 3 * 2**20) / kib["MemTotal"]
    if threshold > 0.9:
        pytest.skip("less than 3 GiB of memory is free: memory that runs out is NOT tested")
    monkeypatch.setitem(watchdog.SYSTEM_CONFIG, "memory_usage_threshold", threshold)
    with pytest.raises(
        SearchError,
        match=r"the memory of its machine was almost full; everything finished is kept\. "
        "Resume with fewer --work",
    ):
        runner.run(
            toys.search(families={"tests.support.faulty:GREEDY": None}, in_flight=1),
            tmp_path,
            "ray_tune",
            Where(1),
        )


class SlowlyStarted(CohortTrainable):
    """A worker that starts slower than cohorts end, and 3 s slower than the worker before it."""

    def setup(
        self,
        config: dict[str, Any],
        spec: dict[str, Any] | None = None,
        root: str = "",
        device: str = "cpu",
        threads: int = 1,
        folders: Sequence[str] = (),
        rows: str = "",
        torch_compile: bool = False,
    ) -> None:
        begun = Path(root) / "begun"
        begun.mkdir(exist_ok=True)
        (begun / f"{os.getpid()}").touch()
        time.sleep(3 * (len(list(begun.iterdir())) - 1))
        self.outcomes, self.index, self.seeds = (
            OutcomeFiles(Path(root)),
            config[COHORT],
            Search.from_spec(spec or {}).seeds,
        )

    def step(self) -> dict[str, Any]:
        cohort = self.outcomes.queued(self.index)
        time.sleep(0.1)
        self.outcomes.write(
            cohort, [fakes.train(candidate, self.seeds) for candidate in cohort.candidates], {}
        )
        return {COHORT: self.index, "done": True}


def test_a_worker_that_is_still_starting_is_not_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default Tune gives a free worker to the cohort that has waited longest.

    It then cancels that cohort's own worker, which would be the next to be ready.
    """
    # Workers look for no module in the driver's folders before they have begun.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(tuning, "CohortTrainable", SlowlyStarted)
    asked = toys.search(trials=50, cohort=1, in_flight=50, sampler="random")
    runner.run(asked, tmp_path, "ray_tune", Where(3))
    assert len(list((tmp_path / asked.name / "begun").iterdir())) == 3

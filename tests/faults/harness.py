"""The kill harness: a real search is killed, resumed and killed again, until it ends.

Then it is compared with its twin, the same search without an interruption. A chain of kills belongs
to one search. Its seed decides when the search is killed, and which other processes are killed with
it. ``python -m tests.faults.harness EXECUTOR SEED KILLS`` repeats one chain and prints its rows.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frontier_search.trial import Trial
from tests.faults import comparing
from tests.faults.moments import NEVER, Moment, Watch, any_moment
from tests.faults.searched import END_S, Searched, trained_s, twin
from tests.support import processes
from tests.support.processes import Process

MIRRORING_S = 2.0  # after the last trial, so that some kills come while the mirror catches up
GROUP, WITH_MIRROR, DRIVER = VICTIMS = ("the group", "the group and the mirror", "the driver")


@dataclass
class Kill:
    """One row of the table of results.

    Attributes:
        session: 0 for ``run``, then one more for each ``resume``.
        victims: which processes were killed.
        aimed: what the kill waited for.
        phase: what the search was doing when it was killed, by its files.
        finished: how many trials were finished before it; all must be kept.
        resumed_s: seconds from the next ``resume`` to its first cohort in training; None when it
            was killed before, or had none to train.
        lost: how many finished trials are missing in the end.
        repeated: how many trials were trained again though they were finished, or had an outcome
            on disk.
        stuck: how many trials or runs are RUNNING in the end, or sessions did not end. The last row
            counts those of the whole chain.
        disagreements: how many differences there are to the twin, or between storage, MLflow and
            command line. The last row counts those of the whole chain.
        words: a sentence for each that is stuck or disagrees.
    """

    seed: int
    executor: str
    session: int
    victims: str
    aimed: str
    phase: str = ""
    finished: int = 0
    resumed_s: float | None = None
    lost: int = 0
    repeated: int = 0
    stuck: int = 0
    disagreements: int = 0
    words: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.repeated or self.stuck or self.disagreements)

    def __str__(self) -> str:
        resumed = "" if self.resumed_s is None else f"{self.resumed_s:.1f} s"
        return (
            f"{self.executor:8} {self.seed:5} {self.session:2}  {self.victims:24} {self.aimed:20} "
            f"{self.phase:19} {self.finished:3} {resumed:>7}  {self.lost} {self.repeated} "
            f"{self.stuck} {self.disagreements}  {'; '.join(self.words)}"
        )


@dataclass(frozen=True)
class Snapshot:
    """What was on disk after a kill. Nothing of it may be lost or trained again.

    Attributes:
        finished: number -> a finished trial in JSON form.
        pending: number -> worker and seconds, of a trial whose outcome was not recorded yet.
    """

    finished: dict[int, dict[str, Any]]
    pending: dict[int, tuple[str, float]]

    @staticmethod
    def of(searched: Searched) -> Snapshot:
        trials = searched.trials()
        finished = {trial.number: trial.to_json() for trial in trials if trial.state.finished}
        pending: dict[int, tuple[str, float]] = {}
        for path in sorted(searched.folder.glob("outcomes/*/cohort.json")):
            files = searched.entry.files
            cohort = files.outcomes.queued(int(path.parent.name))
            for number, outcome in zip(
                cohort.numbers, files.outcomes.read(cohort) or (), strict=False
            ):
                pending[number] = (outcome.worker, outcome.seconds)
        return Snapshot(finished, pending)

    def judge(self, kill: Kill, end: Sequence[Trial]) -> None:
        """Counts what the kill lost and what was trained again, by the trials in the end."""
        rows = {trial.number: trial.to_json() for trial in end if trial.state.finished}
        kill.lost = sum(number not in rows for number in self.finished)
        again = {
            number
            for number, row in self.finished.items()
            if number in rows and rows[number] != row
        }
        again |= {
            n
            for n, (worker, seconds) in self.pending.items()
            if n in rows and (rows[n]["worker"], rows[n]["seconds"]) != (worker, seconds)
        }
        kill.repeated = len(again)


class Chain:
    """One search that is killed again and again.

    Args:
        seed: for the rows of the table.
        twin: the search to compare with.
    """

    def __init__(self, searched: Searched, seed: int, twin: Sequence[Trial]) -> None:
        self.searched, self.seed, self.twin = searched, seed, twin
        self.kills: list[Kill] = []
        self._snapshots: list[Snapshot] = []
        self._orphans: set[int] = set()

    def kill(self, moment: Moment, victims: str = GROUP) -> bool:
        """Starts or resumes the search, and kills it at a moment.

        Returns:
            False when the search ended before, which must be with exit code 0.
        """
        searched = self.searched
        process, begin = searched.start(), time.monotonic()
        watch = Watch(searched.folder, searched.home, process.pid)
        try:
            while not moment.reached(watch) and process.poll() is None:
                assert time.monotonic() - begin < END_S, f"stuck: {searched.said()[-2000:]}"
                time.sleep(moment.every_s)
            if process.poll() is None:
                self._end(process, victims)
        except BaseException:
            processes.end(process)
            raise
        if self.kills and watch.training_since is not None and self.kills[-1].resumed_s is None:
            self.kills[-1].resumed_s = watch.training_since - begin
        if process.returncode != -signal.SIGKILL:
            assert process.returncode == 0, (
                f"exit code {process.returncode}: {searched.said()[-2000:]}"
            )
            return False
        row = Kill(
            self.seed,
            searched.executor,
            searched.session,
            victims,
            str(moment),
            watch.phase(searched.trials()),
        )
        self._snapshots.append(Snapshot.of(searched))
        row.finished = len(self._snapshots[-1].finished)
        self.kills.append(row)
        return True

    def _end(self, process: Process, victims: str) -> None:
        # stopped, it starts nothing between the listing of its descendants and the kill
        processes.kill([process.pid], signal.SIGSTOP)
        below, mirrors = set(processes.descendants(process.pid)), set(processes.mirrors(process))
        # Ray's processes end by themselves, some after a minute; the search is resumed at once
        if victims == DRIVER:
            self._orphans |= below - mirrors
            below = set()
        processes.kill([process.pid, *(below - (set() if victims == WITH_MIRROR else mirrors))])
        process.wait()

    def finish(self) -> list[Kill]:
        """Resumes the search to its end, and judges every kill."""
        last = self.kills[-1]
        try:
            self.kill(NEVER)
        except AssertionError as error:
            last.words.append(str(error))
        end = self.searched.trials()
        for kill, snapshot in zip(self.kills, self._snapshots, strict=True):
            snapshot.judge(kill, end)
        entry, mirror = self.searched.entry, self.searched.mirror
        last.words += comparing.stuck(entry, mirror)
        last.stuck = len(last.words)
        processes.kill(self._orphans)
        different = comparing.disagreements(entry, self.twin, mirror)
        last.disagreements, last.words = len(different), [*last.words, *different]
        return self.kills


def random_chain(home: Path, executor: str, seed: int, max_kills: int) -> list[Kill]:
    """Kills one search up to ``max_kills`` times. The seed decides the moments and the victims."""
    rng = random.Random(f"{executor}-{seed}")
    database = None if rng.random() < 0.25 else comparing.empty_database()
    chain = Chain(Searched(home, executor, database=database), seed, twin())
    for _ in range(max_kills):
        victims = rng.choice(VICTIMS[:2] if executor == "inline" else VICTIMS)
        ended = not chain.kill(any_moment(rng, trained_s(executor) + MIRRORING_S), victims)
        if ended or chain.kills[-1].finished == len(chain.twin):
            break
    return chain.finish() if chain.kills else []


def main(executor: str, seed: str, max_kills: str) -> None:
    with comparing.folder() as home:
        for kill in random_chain(home, executor, int(seed), int(max_kills)):
            print(kill)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])

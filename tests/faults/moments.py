"""When a search is killed, and what it was doing then.

Both follow from the search's files, because the search has no hook for tests.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from frontier_search.trial import Trial, TrialState

PROPOSED, RECORDED = (
    b'"op_code":4',
    (b'"op_code":6', b'"op_code":8'),
)  # in Optuna's journal: create_trial; set_trial_state_values and set_trial_user_attr
EVENTS = ("ask", "training", "outcome", "tell", "mirroring")
RECENT_S = 0.05  # the mirror is at work if it has written within this time


class Watch:
    """Counts what happens to the files of a search, check by check.

    Args:
        folder: the search's folder.
        home: the folder of mlflow.db.
        driver: the pid of the process that runs the search.

    Attributes:
        counts: event -> how often it was seen since the watch began.
        training_since: monotonic seconds at which the first cohort of this session was in
            training, or None.
    """

    def __init__(self, folder: Path, home: Path, driver: int) -> None:
        self.folder, self.driver, self.begin = folder, driver, time.monotonic()
        self.counts = dict.fromkeys(EVENTS, 0)
        self.training_since: float | None = None
        self._journal = folder / "journal.log"
        self._read = self._size = self._journal.stat().st_size if self._journal.exists() else 0
        self._mirror = [home / "mlflow.db", home / "mlflow.db-wal", folder / "mirror.log"]
        self._seen: dict[Path, tuple[int, int]] = {}
        self._mirrored_at = 0.0
        self._changes(self._mirror)
        self._changes(self._trained() + self._outcomes())

    def check(self) -> None:
        """Counts the changes since the last check. Takes about 50 microseconds."""
        now = time.monotonic()
        if self._journal.exists() and self._journal.stat().st_size > self._read:
            with self._journal.open("rb") as file:
                file.seek(self._read)
                new = file.read()
            self._read += len(new)
            self.counts["ask"] += PROPOSED in new
            self.counts["tell"] += any(code in new for code in RECORDED)
        trained = self._changes(self._trained())
        # without the lock it is a worker that has not noticed that its driver is dead
        if trained and self.training_since is None and self._holds_the_lock():
            self.training_since = now
        self.counts["training"] += trained
        self.counts["outcome"] += self._changes(self._outcomes())
        if self._changes(self._mirror):
            self.counts["mirroring"] += 1
            self._mirrored_at = now

    def _trained(self) -> list[Path]:
        return list(self.folder.glob("outcomes/*/checkpoints/training"))

    def _outcomes(self) -> list[Path]:
        return list(self.folder.glob("outcomes/*/outcome.json"))

    def _changes(self, paths: Sequence[Path]) -> int:
        """Returns how many of the files are new or have changed since the last check."""
        changed = 0
        for path in paths:
            try:
                status = path.stat()
            except OSError:
                continue
            signature = (status.st_mtime_ns, status.st_size)
            changed += self._seen.get(path) != signature
            self._seen[path] = signature
        return changed

    def phase(self, trials: Sequence[Trial]) -> str:
        """Returns what the search was doing when it was killed.

        Args:
            trials: as the storage has them after the kill.
        """
        now = time.monotonic()
        if not self._holds_the_lock() or (
            self.training_since is None and not (self.counts["ask"] or self.counts["tell"])
        ):
            return "start-up"
        cohorts: dict[int, list[Trial]] = {}
        for trial in trials:
            cohorts.setdefault(trial.cohort, []).append(trial)
        recorded = [all(trial.state.finished for trial in cohort) for cohort in cohorts.values()]
        if trials and all(recorded) and len(trials) == json.loads(self._budget()):
            return "mirroring"
        newest = max(cohorts, default=0)
        queued = self.folder / "outcomes" / f"{newest:05d}" / "cohort.json"
        if not trials or (
            not queued.exists()
            and all(trial.state is TrialState.RUNNING for trial in cohorts[newest])
        ):
            return "ask"
        partly = any(
            len({trial.state.finished for trial in cohort}) == 2 for cohort in cohorts.values()
        )
        if partly or self._outcomes():
            return "tell"
        return "mirroring" if now - self._mirrored_at < RECENT_S else "training"

    def _holds_the_lock(self) -> bool:
        try:
            return bool(
                json.loads((self.folder / "session.lock").read_text())["pid"] == self.driver
            )
        except (OSError, ValueError):
            return False

    def _budget(self) -> str:
        return next(
            line.split(":")[1]
            for line in (self.folder / "search.yaml").read_text().splitlines()
            if line.startswith("trials:")
        )


@dataclass
class Moment:
    """When to kill: some seconds after the start, or after an event was seen a number of times.

    Attributes:
        event: one of EVENTS; None for the start of the watch; "never" is never reached.
        times: how often the event must be seen.
        seconds: how long after that.
    """

    event: str | None
    times: int = 1
    seconds: float = 0.0
    _seen_at: float | None = field(default=None, repr=False)

    def reached(self, watch: Watch) -> bool:
        watch.check()
        now = time.monotonic()
        if self.event is None:
            return now - watch.begin >= self.seconds
        if self._seen_at is None and watch.counts.get(self.event, -1) >= self.times:
            self._seen_at = now
        return self._seen_at is not None and now - self._seen_at >= self.seconds

    @property
    def every_s(self) -> float:
        """Seconds between two checks, which take time from the search. An event passes quickly."""
        return 0.0005 if self.event in EVENTS else 0.01

    def __str__(self) -> str:
        return (
            f"after {self.seconds:.2f} s"
            if self.event is None
            else f"{self.event} {self.times} +{self.seconds * 1e3:.0f} ms"
        )


NEVER = Moment("never")


def any_moment(rng: random.Random, seconds: float) -> Moment:
    """Draws a moment: half of them at any time, half of them at an event or just after it.

    Args:
        seconds: how long the uninterrupted search takes.
    """
    if rng.random() < 0.5:
        return Moment(None, seconds=rng.uniform(0, seconds))
    return Moment(rng.choice(EVENTS), rng.randint(1, 3), rng.choice((0.0, rng.uniform(0, 0.03))))

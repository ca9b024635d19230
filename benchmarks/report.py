"""The report that a contender writes into its home folder for ``compare.py``."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = "report.json"


@dataclass(frozen=True)
class Report:
    """What a contender measured of itself. Moments are seconds since the epoch.

    Attributes:
        trials: complete trials.
        begun_at: when the first trial began to train.
        finished_at: when the outcome of the last trial was recorded.
        driver_s: total seconds in ask, tell and mirror (MLflow), by name; empty if not measured.
        training_s: seconds of training, summed over the trials; None if not comparable.
        best_loss: the smallest mean validation loss, in nats.
        mean_hidden, mean_steps: how large the proposed models were.
    """

    trials: int
    begun_at: float
    finished_at: float
    driver_s: Mapping[str, float]
    training_s: float | None
    best_loss: float
    mean_hidden: float
    mean_steps: float

    def write(self, home: Path) -> None:
        (home / FILE).write_text(json.dumps(asdict(self)))

    @staticmethod
    def read(home: Path) -> Report:
        return Report(**json.loads((home / FILE).read_text()))


def sizes(proposed: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Returns the mean width and the mean number of steps; no recurrence counts as 0 steps."""
    widths = [float(params["hidden"]) for params in proposed]
    steps = [float(params.get("steps", 0)) for params in proposed]
    return sum(widths) / len(widths), sum(steps) / len(steps)


@dataclass
class Clock:
    """Adds up seconds by name."""

    totals: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.totals[name] = self.totals.get(name, 0.0) + time.perf_counter() - start

"""What a contender leaves in its home folder for ``compare.py``: moments, in seconds since the epoch, and totals."""

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
    """What a contender knows of itself.

    Attributes:
        trials: complete trials.
        begun_at: when the first trial began to train.
        finished_at: when the last trial was told to the search.
        driver_s: seconds spent in ask, tell and mirror (MLflow), in total, by name; empty where nobody measured it.
        training_s: seconds of training, summed over the trials; None where it is not comparable.
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
    """Mean width and mean number of steps of the proposed models; a family without a recurrence has 0 steps."""
    widths, steps = (
        [float(params["hidden"]) for params in proposed],
        [float(params.get("steps", 0)) for params in proposed],
    )
    return sum(widths) / len(widths), sum(steps) / len(steps)


@dataclass
class Clock:
    """Adds up the seconds spent under a name."""

    totals: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.totals[name] = self.totals.get(name, 0.0) + time.perf_counter() - start

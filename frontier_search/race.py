"""The race of a cohort: trials that lie too far above the front of an epoch are stopped there.

At an eighth, a quarter and a half of the epochs, a trial is stopped if its loss, as the mean over
seeds of log10, lies more than a margin above that of a trial with at most its known objectives. The
others are the trials of the same cohort that still run, and those recorded trials that the cohort
was proposed from. So the same search stops the same trials on one worker or fifty.

One trial of a cohort that would be stopped, drawn by the search's random numbers, is trained to its
end. These audits say how often the rule is wrong.

Seeds are not staged: to train one seed first and the others of the better half only halves the
epochs, and takes 1.3 to 1.9 times as long, because stacks then run half empty.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, ...]  # known objectives, then the loss as the mean over seeds of log10

SHARES = (8, 4, 2)  # a rung stands at the epochs divided by each
SMALLEST = 1e-12  # a loss below it counts as this


def rungs(epochs: int) -> tuple[int, ...]:
    """Returns the epochs after which trials may be stopped, rising, none before the second."""
    return tuple(sorted({round(epochs / share) for share in SHARES if epochs / share >= 1.5}))


def log_loss(curves: Sequence[NDArray[Any]], epoch: int, best: bool) -> float:
    """Returns the mean over seeds of log10 of the validation loss after an epoch.

    Args:
        curves: of each seed, the loss of every epoch.
        best: whether a seed counts with its smallest loss so far, or else with its last.

    It is infinite if a loss is not a number, or not finite.
    """
    values = []
    for curve in curves:
        so_far = np.asarray(curve[:epoch], dtype=np.float64)
        if not np.isfinite(so_far).all():
            return math.inf
        loss = so_far.min() if best else so_far[-1]
        values.append(math.log10(max(float(loss), SMALLEST)))
    return sum(values) / len(values)


@dataclass(frozen=True)
class Race:
    """What a cohort needs to decide by itself which of its trials are stopped.

    Attributes:
        margin: by how much log10 of the loss may lie above the front.
        fronts: by rung, then by league: the points of recorded trials that nothing beats.
        leagues: of each candidate: trials of one league are compared.
        known: of each candidate, the known objectives.
        draw: between 0 and 1: which of the trials that would be stopped is audited.
        best: whether a trial counts with its smallest loss so far, or else with its last.
    """

    margin: float
    fronts: Mapping[int, Mapping[str, tuple[Point, ...]]]
    leagues: tuple[str, ...]
    known: tuple[Point, ...]
    draw: float
    best: bool

    def behind(self, rung: int, losses: Mapping[int, float]) -> list[int]:
        """Returns the positions, in the cohort, of the trials that lie too far above the front.

        Args:
            losses: of the trials that still run, by position.
        """
        behind = []
        for position, loss in losses.items():
            league, known = self.leagues[position], self.known[position]
            rivals = [
                (*self.known[other], value)
                for other, value in losses.items()
                if self.leagues[other] == league
            ]
            level = min(
                (
                    point[-1]
                    for point in (*rivals, *self.fronts[rung].get(league, ()))
                    if all(a <= b for a, b in zip(point, known, strict=False))
                ),
                default=math.inf,
            )
            if not math.isfinite(loss) or loss > level + self.margin:
                behind.append(position)
        return behind

    def audited(self, behind: Sequence[int]) -> int:
        """Returns which of the trials that would be stopped is trained to its end."""
        return behind[min(int(self.draw * len(behind)), len(behind) - 1)]

    def to_json(self) -> dict[str, Any]:
        return {
            "margin": self.margin,
            "fronts": [
                [rung, {league: [list(p) for p in points] for league, points in fronts.items()}]
                for rung, fronts in self.fronts.items()
            ],
            "leagues": list(self.leagues),
            "known": [list(point) for point in self.known],
            "draw": self.draw,
            "best": self.best,
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Race:
        return Race(
            data["margin"],
            {
                rung: {league: tuple(map(tuple, points)) for league, points in fronts.items()}
                for rung, fronts in data["fronts"]
            },
            tuple(data["leagues"]),
            tuple(map(tuple, data["known"])),
            data["draw"],
            data["best"],
        )

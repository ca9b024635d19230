"""The evidence on one dataset: every candidate's metrics, seed by seed, under one training budget.

It may come from several searches.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import TrainingBudget
from frontier_search.models.editions import name_today
from frontier_search.search.search import Search
from frontier_search.table.options import TableOptions
from frontier_search.trial import Candidate, SeedOutcome, Trial, TrialState

Key = tuple[Any, ...]
Searched = tuple[Search, Sequence[Trial]]
Found = tuple[Candidate, int, dict[int, SeedOutcome]]  # params; seed -> outcome


@dataclass(frozen=True)
class Evidence:
    """Candidates times seeds.

    Attributes:
        dataset: its name.
        budget: how every model was trained.
        sources: the names of the searches.
        candidates: (n,), each once.
        params: (n,) effective parameters.
        seeds: (S,), rising.
        measured: for each candidate, seed -> its outcome.
    """

    dataset: str
    budget: TrainingBudget
    sources: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    params: NDArray[np.float64]
    seeds: tuple[int, ...]
    measured: tuple[Mapping[int, SeedOutcome], ...]

    @staticmethod
    def of(searches: Iterable[Searched], epochs: int | None = None) -> Evidence:
        """Collects the complete trials of searches on one dataset with one training budget.

        Equal candidates become one, with the seeds of all. Of a seed that was trained twice, the
        first outcome counts.

        Args:
            epochs: takes what each trial had measured after so many epochs, which is what a search
                of so many epochs would have found. None takes the epochs of each search.

        Raises:
            ValueError: there is no search, they differ in dataset or budget, or one reports nothing
                at this number of epochs.
        """
        listed = list(searches)
        questions = {_question(search, epochs) for search, _ in listed}
        if len(questions) != 1:
            raise ValueError(
                f"one dataset and one training budget are needed, {len(questions)} were given"
            )
        silent = [each.name for each, _ in listed if epochs not in (None, *each.reported)]
        if silent:
            raise ValueError(f"{', '.join(silent)} report nothing after {epochs} epochs")
        found: dict[Key, Found] = {}
        for search, trial in ((search, trial) for search, trials in listed for trial in trials):
            measured = _measured(search, trial, epochs or search.epochs)
            if measured:
                candidate = candidate_today(trial.candidate, search.edition)
                new: Found = (candidate, trial.size["effective"], {})
                _, _, seeds = found.setdefault(_key(candidate), new)
                for outcome in measured:
                    seeds.setdefault(outcome.seed, outcome)
        (((dataset, *_), budget),) = questions
        return Evidence(
            dataset=dataset,
            budget=budget,
            sources=tuple(search.name for search, _ in listed),
            candidates=tuple(candidate for candidate, _, _ in found.values()),
            params=np.array([params for _, params, _ in found.values()], dtype=np.float64),
            seeds=tuple(sorted({seed for _, _, seeds in found.values() for seed in seeds})),
            measured=tuple(seeds for _, _, seeds in found.values()),
        )

    def values(self, metric: str) -> NDArray[np.float64]:
        """Returns one metric, e.g. ``test_loss``, as (n, S).

        It is nan where a candidate was not trained on a seed or has no such metric.
        """
        rows = [
            [_metric(seeds.get(seed), metric) for seed in self.seeds] for seeds in self.measured
        ]
        return np.array(rows, dtype=np.float64).reshape(len(self.candidates), len(self.seeds))

    def on(self, seeds: Iterable[int]) -> Evidence:
        """Restricts the evidence to these seeds, and to the candidates trained on all of them."""
        wanted = tuple(sorted(set(seeds)))
        return replace(self, seeds=wanted)._chosen(
            [all(seed in measured for seed in wanted) for measured in self.measured]
        )

    def matching(self, pattern: Mapping[str, Any]) -> Evidence:
        """Restricts the evidence to the candidates of a pattern.

        Args:
            pattern: values of ``family`` and of hyperparameters, by name.
        """
        return self._chosen([_matches(candidate, pattern) for candidate in self.candidates])

    def among(self, families: Collection[str] | None) -> Evidence:
        """Restricts the evidence to the candidates of some families; None keeps all."""
        if families is None:
            return self
        return self._chosen([candidate.family in families for candidate in self.candidates])

    def common(self) -> Evidence:
        """Restricts the evidence to the seeds on which every candidate was trained."""
        shared = (
            set(self.seeds).intersection(*(measured.keys() for measured in self.measured))
            if self.measured
            else set()
        )
        return replace(self, seeds=tuple(sorted(shared)))

    def best(self) -> int:
        """Returns the position of the candidate with the lowest mean validation loss.

        The mean is over the seeds on which every candidate was trained.
        """
        return int(np.argmin(self.common().values("val_loss").mean(axis=1)))

    def _chosen(self, mask: Sequence[bool]) -> Evidence:
        positions = [i for i, chosen in enumerate(mask) if chosen]
        return replace(
            self,
            candidates=tuple(self.candidates[i] for i in positions),
            params=self.params[positions],
            measured=tuple(self.measured[i] for i in positions),
        )


def gathered(searches: Iterable[Searched], epochs: int | None = None) -> list[Evidence]:
    """Returns the evidence on each dataset under each training budget.

    Args:
        epochs: as for ``Evidence.of``; searches that report nothing there are left out.
    """
    groups: dict[Question, list[Searched]] = {}
    for search, trials in searches:
        if epochs in (None, *search.reported):
            groups.setdefault(_question(search, epochs), []).append((search, trials))
    return [Evidence.of(group, epochs) for group in groups.values()]


Question = tuple[tuple[str, str | None, TableOptions], TrainingBudget]


def _question(search: Search, epochs: int | None) -> Question:
    """Returns what decides the rows, and how models were trained until then."""
    return search.rows, search.budget.at(epochs or search.epochs)


def _measured(search: Search, trial: Trial, epochs: int) -> tuple[SeedOutcome, ...]:
    """Returns what a trial measured after a number of epochs; empty if it was not complete there.

    A model that diverges later was sound at a smaller budget, where its trial counts.
    """
    if epochs == search.epochs:
        return trial.seeds if trial.state is TrialState.COMPLETE else ()
    if len(trial.seeds) < len(search.seeds) or any(epochs not in s.budgets for s in trial.seeds):
        return ()
    seeds = tuple(seed.at(epochs) for seed in trial.seeds)
    sound = all(
        seed.diverged_epoch is None and math.isfinite(seed.metrics["val_loss"]) for seed in seeds
    )
    return seeds if sound else ()


def candidate_today(candidate: Candidate, edition: int) -> Candidate:
    """Returns a candidate of an edition under the name that its family has today."""
    return replace(candidate, family=name_today(candidate.family, edition))


def _key(candidate: Candidate) -> Key:
    return (candidate.family, *sorted(candidate.hyperparameters.items()))


def _matches(candidate: Candidate, pattern: Mapping[str, Any]) -> bool:
    own = {"family": candidate.family, **candidate.hyperparameters}
    return all(own.get(name) == value for name, value in pattern.items())


def _metric(outcome: SeedOutcome | None, metric: str) -> float:
    return outcome.metrics.get(metric, np.nan) if outcome else np.nan

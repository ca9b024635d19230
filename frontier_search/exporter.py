"""Finds the members of a search that are to be exported, and exports them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.export import bundle, certificate, source
from frontier_search.export.costs import calibrated, costs
from frontier_search.export.emitters import plan
from frontier_search.export.integer import source as integer_source
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import in_format, numbers_in
from frontier_search.export.plan import Plan
from frontier_search.export.raw import reference
from frontier_search.export.raw.scale import narrowed
from frontier_search.export.scalars import Scalars
from frontier_search.frontier.frontier import Frontier
from frontier_search.models.family import Architecture
from frontier_search.objective import OBJECTIVES, device_problem
from frontier_search.search.bound import parse_bound
from frontier_search.storage.catalog import Entry, read_trials
from frontier_search.table.preprocessing import Preprocessing
from frontier_search.training.outputs import mean_loss, outputs
from frontier_search.trial import Trial


@dataclass(frozen=True)
class Member:
    """One member of a frontier, with the model of its median seed.

    Attributes:
        seed: the seed whose model it is.
        weights: (P,) learned scalars.
    """

    entry: Entry
    trial: Trial
    architecture: Architecture
    seed: int
    weights: NDArray[np.float32]
    dataset: Dataset

    @property
    def plan(self) -> Plan:
        d, o = self.dataset.n_features, self.dataset.n_outputs
        return plan(self.architecture, Scalars(self.weights), self.seed, d, o)

    @property
    def preprocessing(self) -> Preprocessing | None:
        """What the C does with a raw row; None for a dataset whose rows are inputs already."""
        made = self.dataset.preprocessing
        return narrowed(made(self.seed)) if made is not None else None

    @property
    def prefix(self) -> str:
        """What every name of its C begins with."""
        words = re.sub(r"\W+", "_", f"{self.entry.search.name}_{self.trial.number}")
        return words.lower() if words[0].isalpha() else f"model_{words.lower()}"

    @property
    def title(self) -> str:
        return (
            f"Trial {self.trial.number} of {self.entry.search.name}: {self.trial.candidate.family}"
        )


def choose(
    entry: Entry, number: int | None = None, best: str | None = None, every: bool = False
) -> list[Trial]:
    """Returns the trials that are asked for.

    Args:
        number: this member.
        best: the member with the lowest loss that keeps this bound, e.g. ``params<=1000``.
        every: all members.

    Raises:
        SpecError: not exactly one is asked for, or there is no such member.
    """
    if sum((number is not None, best is not None, every)) != 1:
        raise SpecError(
            'say which members: one of --trial N, --best "params<=1000" and --all is needed.'
        )
    trials = read_trials(entry)
    members = list(Frontier.of(trials, entry.search.objective_table()).members)
    name = entry.search.name
    if not members:
        raise SpecError(f"no trial of {name} is complete yet, so it has no member to export.")
    if every:
        return members
    if number is not None:
        found = [member for member in members if member.number == number]
        if not found:
            numbers = ", ".join(str(member.number) for member in members)
            raise SpecError(
                f"trial {number} is not on the frontier of {name}, so its model was not kept; "
                f"the members are {numbers}."
            )
        return found
    bound = parse_bound(str(best))
    problem = (
        bound if isinstance(bound, str) else device_problem(bound.objective, entry.search.device)
    )
    if isinstance(bound, str) or problem:
        raise SpecError(str(problem).replace("name it with --device", "search with --device"))
    kept = [member for member in members if bound.admits(member.size)]
    if not kept:
        smallest = min(OBJECTIVES[bound.objective].of(member) for member in members)
        raise SpecError(
            f"no member of {name} keeps {bound}; the smallest has {bound.objective} = {smallest:g}."
        )
    return [min(kept, key=lambda member: (OBJECTIVES["loss"].of(member), member.number))]


def member(entry: Entry, trial: Trial) -> Member:
    """Returns a member with the model of its median seed.

    Raises:
        SpecError: its weights were not kept, or the dataset is not available.
    """
    weights = entry.files.models.read(trial.number)
    if weights is None:
        raise SpecError(f"the model of trial {trial.number} of {entry.search.name} was not kept.")
    search, position = entry.search, trial.median_seed()
    built = search.architecture(trial.candidate)
    return Member(
        entry, trial, built, search.seeds[position], weights[position], search.find_dataset()
    )


def to_c(
    exported: Member, folder: Path, devices: Sequence[str], numbers: str | None = None
) -> dict[str, Any]:
    """Writes a member as C into a folder, checks it on all test rows and returns its certificate.

    Args:
        devices: the cores to compile for.
        numbers: the format of weights and activations, see ``export.numbers``; None: the
            candidate's own.

    Raises:
        SpecError: the family has no emitter or no form in integers, a device is unknown, or the
            extra is not installed.
        SearchError: a compiler or a program fails.
    """
    made, dataset, trial = exported.plan, exported.dataset, exported.trial
    prefix, task, split = exported.prefix, dataset.task, dataset.split(exported.seed)
    numbers = numbers or numbers_in(trial.candidate.hyperparameters)
    final = in_format(made, split.train.x, numbers)
    code = (
        integer_source.source(final, prefix, task)
        if isinstance(final, IntegerPlan)
        else source.source(final, prefix, task)
    )
    said = {name: costs(final, name).counts() for name in devices if calibrated(name, numbers)}
    x, y = split.test.x, split.test.y
    trained = outputs(exported.architecture, exported.seed, exported.weights, x, dataset.n_outputs)
    preprocessing = exported.preprocessing
    rows = _checked_rows(exported, preprocessing, final, x, trained)
    texts = bundle.texts(made, code, prefix, exported.title, task, preprocessing)
    digests = bundle.write(folder, texts, rows)
    about = {
        "prefix": prefix,
        "search": exported.entry.search.name,
        "trial": trial.number,
        "seed": exported.seed,
        "seed_chosen": "median validation loss",
        "seeds": list(exported.entry.search.seeds),
        "family": trial.candidate.family,
        "hyperparameters": dict(trial.candidate.hyperparameters),
        "params": trial.size["effective"],
        "numbers": numbers,
        "stored_bytes": final.stored_bytes,
        "test_loss": mean_loss(task, rows.reference, y),
        "test_loss_as_trained": mean_loss(task, trained, y),
    }
    return certificate.certify(folder, about, task, rows, devices, digests, said)


def _checked_rows(
    exported: Member,
    preprocessing: Preprocessing | None,
    final: Plan | IntegerPlan,
    x: NDArray[np.float32],
    trained: NDArray[np.float32],
) -> bundle.CheckedRows:
    """Returns the test rows with what the reference gives: raw, where they have a raw form."""
    if preprocessing is None or exported.dataset.raw_rows is None:
        return bundle.CheckedRows(x, final.run(x), trained)
    raw = exported.dataset.raw_rows(exported.seed, "test")
    inputs = preprocessing.transform(raw)
    found = final.run(inputs)
    answers = reference.written(reference.answers(preprocessing, found))
    return bundle.CheckedRows(inputs, found, trained, raw.to_csv(index=False), answers)

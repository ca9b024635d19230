"""A search: the whole question, frozen. Read from YAML or flags; all mistakes are reported at once; it has a fingerprint."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import yaml

from frontier_search.data.dataset import Dataset, Select, TrainingBudget
from frontier_search.data.reference import DatasetReference
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES, PUBLISHED
from frontier_search.objective import OBJECTIVES, Bound, Objective, objective_problems, parse_bound
from frontier_search.sampling.samplers import SAMPLERS, Sampler
from frontier_search.search.reading import (
    Spaces,
    image_problem,
    read_candidates,
    read_families,
    space_problems,
)
from frontier_search.seeds import seeds_from_count
from frontier_search.space import SearchSpace
from frontier_search.spec import SpecValues, name_problem
from frontier_search.trial import Candidate

FamiliesBudget = Literal["balanced", "free"]

DEFAULT_OBJECTIVES = ("loss", "params")


@dataclass(frozen=True)
class Search:
    """What is searched, and everything that decides which trials there will be.

    Attributes:
        name: names the folder, the study, the MLflow run and every uid.
        dataset: a name of the table or a file's absolute path.
        dataset_sha256: digest of the file, or None.
        families: (name, space) of each family, in the order in which they take turns.
        candidates: what is trained, in this order, where they are listed; empty where a sampler proposes them.
        objectives: names; the study minimises all of them at once.
        trials: how many candidates are evaluated.
        time_budget_s: no cohort is asked for after so many seconds, or None.
        seeds: what every candidate is trained on.
        epochs, batch_size, select: the training of each model, see TrainingBudget.
        sampler: a name of the table.
        families_budget: ``balanced``: families take turns and each is searched on its own history; ``free``: the sampler chooses.
        require: bounds on known objectives; a candidate that breaks one is never trained.
        cohort: candidates proposed and trained together.
        in_flight: cohort k is proposed from the outcomes of cohorts 0 .. k - in_flight.
        seed: the sampler's.
    """

    name: str
    dataset: str
    families: Spaces
    candidates: tuple[Candidate, ...] = ()
    objectives: tuple[str, ...] = DEFAULT_OBJECTIVES
    trials: int = 100
    time_budget_s: float | None = None
    seeds: tuple[int, ...] = seeds_from_count(5)
    epochs: int = 60
    batch_size: int = 64
    select: Select = "best"
    sampler: str = "tpe"
    families_budget: FamiliesBudget = "balanced"
    require: tuple[Bound, ...] = ()
    cohort: int = 16
    in_flight: int = 3
    seed: int = 0
    dataset_sha256: str | None = None

    @property
    def budget(self) -> TrainingBudget:
        return TrainingBudget(self.epochs, self.batch_size, self.select)

    @property
    def dataset_reference(self) -> DatasetReference:
        return DatasetReference.read(self.dataset)

    @property
    def spaces(self) -> dict[str, SearchSpace]:
        return dict(self.families)

    def objective_table(self) -> tuple[Objective, ...]:
        return tuple(OBJECTIVES[name] for name in self.objectives)

    def find_dataset(self) -> Dataset:
        """The dataset; raises SpecError when its file has gone or changed since the search was defined."""
        reference = self.dataset_reference
        if self.dataset_sha256 is not None and not reference.has_digest(self.dataset_sha256):
            raise SpecError(
                f"the file of {self.dataset} has changed or gone since search {self.name!r} was defined; put it back, or start a new search."
            )
        return _load(reference, self.dataset_sha256)

    def obtain_dataset(self) -> Dataset:
        """``find_dataset``, with rows that are not part of this package fetched now, once, and not by every worker at the same time.

        Raises:
            SpecError: they cannot be had, or are no longer those that the search was defined with, or, of a dataset of the user's own, are
                none to train on.
        """
        dataset = self.find_dataset()
        if dataset.file is not None:
            held = dataset.file()
            if self.dataset_sha256 is None and held is not None:
                raise SpecError(
                    f"search {self.name!r} was defined without the file {held}; take it away, or start a new search."
                )
            dataset.split(self.seeds[0])
        if self.dataset_reference.kind.users_code and self.dataset_sha256 is None:
            problems = dataset.problems(self.seeds)
            if problems:
                raise SpecError([f"dataset {self.dataset!r}: {problem}" for problem in problems])
        return dataset

    def size(self, candidate: Candidate) -> dict[str, int]:
        """raw, effective, flops and bytes of a candidate, in closed form."""
        dataset = _load(self.dataset_reference, self.dataset_sha256)
        size = (
            FAMILIES[candidate.family]
            .build(candidate.hyperparameters)
            .size(dataset.n_features, dataset.n_outputs)
        )
        return {
            "raw": size.raw,
            "effective": size.effective,
            "flops": size.flops,
            "bytes": size.bytes,
        }

    def admits(self, candidate: Candidate) -> bool:
        """Whether a candidate keeps every required bound."""
        if not self.require:
            return True
        size = self.size(candidate)
        return all(bound.admits(size) for bound in self.require)

    def fingerprint(self) -> str:
        """16 hexadecimal digits that agree exactly when two searches give the same trials, however many of them are asked for."""
        spec = {
            key: value
            for key, value in self.to_spec().items()
            if key not in ("name", "trials", "time_budget")
        }
        return hashlib.sha256(json.dumps(spec).encode()).hexdigest()[
            :16
        ]  # unsorted: families take turns in their order

    def to_spec(self) -> dict[str, Any]:
        """The YAML form with every setting spelled out; ``Search.from_spec`` gives the search back."""
        return {
            "name": self.name,
            "dataset": self.dataset,
            **({"dataset_sha256": self.dataset_sha256} if self.dataset_sha256 else {}),
            "objectives": list(self.objectives),
            "families": {name: space.to_spec() for name, space in self.families},
            **(
                {
                    "candidates": [
                        {"family": each.family, **each.hyperparameters} for each in self.candidates
                    ]
                }
                if self.candidates
                else {}
            ),
            **({"time_budget": self.time_budget_s} if self.time_budget_s is not None else {}),
            "seeds": list(self.seeds),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "select": self.select,
            **({} if self.candidates else {key: getattr(self, key) for key in WITHOUT_CANDIDATES}),
            "require": [str(bound) for bound in self.require],
            "cohort": self.cohort,
            "in_flight": self.in_flight,
            "seed": self.seed,
        }

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.to_spec(), sort_keys=False, default_flow_style=None, width=120)

    @staticmethod
    def from_spec(spec: Mapping[str, Any]) -> Search:
        """Reads the YAML form; what is left out has the dataset's or the class's default.

        Raises:
            SpecError: every mistake, each as a sentence.
        """
        return _Reader(spec).search()


KEYS = (
    "name", "dataset", "dataset_sha256", "objectives", "families", "candidates", "trials", "time_budget", "seeds", "epochs", "batch_size", "select",
    "sampler", "families_budget", "require", "cohort", "in_flight", "seed",
)  # fmt: skip
WITHOUT_CANDIDATES = (
    "trials",
    "sampler",
    "families_budget",
)  # settings of proposals, which listed candidates do not need


class _Reader:
    """Reads a search from its YAML form: the values by themselves, then what they mean together."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.values = SpecValues(spec, KEYS)
        self.spec, self.problems = self.values.spec, self.values.problems

    def search(self) -> Search:
        dataset = self._dataset()
        budget = dataset.budget if dataset else None
        families = read_families(
            self.spec.get("families"),
            self._default_families(),
            dataset.learning_rate if dataset else (1e-3, 1e-2),
            self.problems,
        )
        if dataset:
            self.problems += [
                problem for name, _ in families if (problem := image_problem(name, dataset))
            ]
        candidates = self._candidates(families)
        search = Search(
            name=self._name(),
            dataset=dataset.name if dataset else str(self.spec.get("dataset", "")),
            families=families,
            objectives=self._objectives(dataset),
            candidates=candidates,
            trials=self.values.whole("trials", len(candidates) or 100),
            time_budget_s=self.values.seconds("time_budget"),
            seeds=self.values.seeds("seeds", 5),
            epochs=self.values.whole("epochs", budget.epochs if budget else 1),
            batch_size=self.values.whole("batch_size", budget.batch_size if budget else 1),
            select=self.values.one_of(
                "select", get_args(Select), budget.select if budget else "best"
            ),
            sampler=self._sampler(),
            families_budget=self.values.one_of(
                "families_budget", get_args(FamiliesBudget), "free" if candidates else "balanced"
            ),
            require=self._bounds(),
            cohort=self.values.whole("cohort", 16),
            in_flight=self.values.whole("in_flight", 3),
            seed=self.values.whole("seed", 0, low=0),
            dataset_sha256=self.spec.get("dataset_sha256") or self._sha256(dataset),
        )
        if dataset and not self.problems:
            self.problems += space_problems(
                search.families, search.candidates, search.require, search.size
            )
        if self.problems:
            raise SpecError(self.problems)
        return search

    def _name(self) -> str:
        name = str(self.spec.get("name", ""))
        problem = name_problem(name)
        if problem:
            self.problems.append(problem)
        return name

    def _dataset(self) -> Dataset | None:
        if "dataset" not in self.spec:
            self.problems.append(
                "no dataset given; name one with --dataset NAME|FILE or the key `dataset`. See `frontier-search datasets`."
            )
            return None
        given = str(self.spec["dataset"])
        if isinstance(self.spec["dataset"], Mapping | list | tuple):
            self.problems.append(
                f"dataset = {given}; give one name, or one file. Many datasets are a sweep."
            )
            return None
        reference = DatasetReference.read(given)
        try:
            if "dataset_sha256" in self.spec and not reference.has_digest(
                self.spec["dataset_sha256"]
            ):
                return None  # such a search can still be read; ``find_dataset`` raises
            dataset = reference.load()
        except SpecError as error:
            self.problems += error.problems
            return None
        return replace(dataset, name=reference.recorded)

    def _sha256(self, dataset: Dataset | None) -> str | None:
        """The digest of the file that holds the dataset's rows on this machine, or None."""
        if dataset is None:
            return None
        try:
            return DatasetReference.read(dataset.name).digest()
        except SpecError as error:
            self.problems += error.problems
            return None

    def _objectives(self, dataset: Dataset | None) -> tuple[str, ...]:
        names = self.values.names("objectives", DEFAULT_OBJECTIVES)
        self.problems += objective_problems(names, dataset.task if dataset else None)
        return names

    def _candidates(self, families: Spaces) -> tuple[Candidate, ...]:
        if "candidates" not in self.spec:
            return ()
        self.problems += [
            f"{key} has no effect on listed candidates; leave it out."
            for key in WITHOUT_CANDIDATES
            if key in self.spec
        ]
        return read_candidates(self.spec["candidates"], families, self.problems)

    def _default_families(self) -> tuple[str, ...]:
        """Those of the listed candidates, or the published ones."""
        listed = self.spec.get("candidates")
        points = (
            [point for point in listed if isinstance(point, Mapping)]
            if isinstance(listed, list | tuple)
            else []
        )
        named = [point["family"] for point in points if point.get("family")]
        return tuple(dict.fromkeys(str(name) for name in named)) or PUBLISHED

    def _sampler(self) -> str:
        name = str(self.values.one_of("sampler", SAMPLERS, "tpe"))
        try:
            sampler: object = SAMPLERS[name]
        except SpecError as error:
            self.problems += error.problems
        else:
            if not isinstance(sampler, Sampler):
                self.problems.append(
                    f"{name!r} is a {type(sampler).__name__}, not a Sampler; give the name of a frontier_search.sampling.samplers.Sampler."
                )
        return name

    def _bounds(self) -> tuple[Bound, ...]:
        bounds = []
        for text in self.values.names("require", (), "bounds such as params<=1000"):
            bound = parse_bound(text)
            if isinstance(bound, str):
                self.problems.append(bound)
            else:
                bounds.append(bound)
        return tuple(bounds)


@functools.lru_cache(maxsize=8)
def _load(reference: DatasetReference, sha256: str | None) -> Dataset:
    """Loads a dataset. A process reads a file once, and again only if its digest has changed."""
    return reference.load()

"""A search: the whole question, frozen. It is read from YAML or flags, and has a fingerprint."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from frontier_search import sources
from frontier_search.data.dataset import Dataset, Select, TrainingBudget
from frontier_search.data.optional import require
from frontier_search.data.reference import DatasetReference
from frontier_search.errors import SpecError
from frontier_search.models.editions import (
    EDITION,
    FIRST_EARLY_MODEL,
    FIRST_RACE,
    FIRST_SHARED_START,
    FIRST_SMALLER_CODE,
    FIRST_WEIGHED_COSTS,
    differs,
    family,
)
from frontier_search.models.family import Architecture
from frontier_search.objective import OBJECTIVES, Objective
from frontier_search.sampling.samplers import KNOWN_SIZE, SAMPLERS
from frontier_search.search.bound import Bound
from frontier_search.search.candidates import examined, model_size
from frontier_search.search.cohort_size import cohort_size, small_cohorts
from frontier_search.search.proposing import NO_RACE
from frontier_search.search.raw_rows import raw_rows_notes
from frontier_search.search.reading import (
    DEFAULT_OBJECTIVES,
    WITHOUT_CANDIDATES,
    FamiliesBudget,
    read_search,
)
from frontier_search.search.spaces import Spaces
from frontier_search.search.warm_start import WarmStart
from frontier_search.seeds import seeds_from_count
from frontier_search.space import SearchSpace
from frontier_search.table.options import TableOptions
from frontier_search.trial import Candidate
from frontier_search.zoo import is_import_path


@dataclass(frozen=True)
class Search:
    """What is searched, and everything that decides which trials there will be.

    Attributes:
        name: names the folder, the study, the MLflow run and every uid.
        dataset: a name of the table, an import path or a file's absolute path.
        dataset_sha256: digest of the file that holds the rows, or None.
        edition: what the names of families mean, see ``models.editions``.
        families: (name, space) of each family, in the order in which they take turns.
        candidates: the candidates to train, in this order; empty if a sampler proposes them.
        objectives: names; the study minimises all of them at once.
        trials: how many candidates are evaluated.
        time_budget_s: seconds after which no new cohort is asked for, or None.
        seeds: every candidate is trained on each of them.
        epochs, batch_size, select: the training of each model, see TrainingBudget.
        budgets: numbers of epochs at which every model is reported, rising; the largest is
            ``epochs``. Empty: only ``epochs``.
        table: what the user says of a table of their own.
        sampler: a name of the table.
        families_budget: ``balanced``: families take turns and each is searched on its own history;
            ``free``: the sampler chooses the family.
        require: bounds on known objectives; a candidate that breaks one is never trained.
        cohort: the number of candidates that are proposed and trained together; the first cohorts
            of known_size are smaller, see ``cohort_size``.
        in_flight: cohort k is proposed from the outcomes of cohorts 0 .. k - in_flight.
        seed: the sampler's.
        race: a trial is stopped when log10 of its loss lies so far above the front of its epoch,
            see ``race``; None: every trial is trained to its end.
        until: ``settled``: the search ends when further cohorts are unlikely to add to the
            hypervolume, or with its trials; None: it ends with its trials.
        code: (file, SHA-256) of the user's own files that its families are made of, see
            ``sources``.
        device: the core whose flash, RAM and instructions are counted, or None.
        numbers: the number formats that candidates choose from; empty: all are float32.
        warm_start: earlier outcomes that inform the sampler. ``catalog.define`` looks them up.
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
    edition: int = EDITION
    budgets: tuple[int, ...] = ()
    race: float | None = None
    table: TableOptions = field(default_factory=TableOptions)
    until: str | None = None
    code: sources.Digests = ()
    device: str | None = None
    numbers: tuple[str, ...] = ()
    warm_start: tuple[WarmStart, ...] = ()

    @property
    def budget(self) -> TrainingBudget:
        return TrainingBudget(self.epochs, self.batch_size, self.select, self.budgets[:-1])

    @property
    def reported(self) -> tuple[int, ...]:
        """The numbers of epochs at which every model is reported, rising."""
        return self.budgets or (self.epochs,)

    @functools.cached_property  # a sampler counts a thousand candidates for each proposal
    def dataset_reference(self) -> DatasetReference:
        return DatasetReference.read(self.dataset)

    @property
    def rows(self) -> tuple[str, str | None, TableOptions]:
        """What decides the rows and their splits: equal for searches of the same rows."""
        return self.dataset, self.dataset_sha256, self.table

    @property
    def spaces(self) -> dict[str, SearchSpace]:
        return dict(self.families)

    def objective_table(self) -> tuple[Objective, ...]:
        return tuple(OBJECTIVES[name] for name in self.objectives)

    @property
    def measured(self) -> int:
        """The position of the first measured objective; 0 if all are known."""
        measured = [i for i, each in enumerate(self.objective_table()) if not each.known]
        return next(iter(measured), 0)

    @property
    def shares_start(self) -> bool:
        """Whether families share the random start of a sampler that has one."""
        has_one = not self.candidates and SAMPLERS[self.sampler].build_shared is not None
        return self.edition >= FIRST_SHARED_START and has_one

    @property
    def models_early(self) -> bool:
        """Whether known_size proposes, in small first cohorts, with a model of few trials."""
        proposes = self.sampler == KNOWN_SIZE and not self.candidates
        return self.edition >= FIRST_EARLY_MODEL and proposes

    @property
    def weighs_costs(self) -> bool:
        """Whether known_size weighs a candidate's gain against the cost of its training.

        It does where it chooses the family, because families differ most in their cost. Families
        that take turns are searched to their ends, whatever they cost.
        """
        chooses = self.sampler == KNOWN_SIZE and self.families_budget == "free"
        return self.edition >= FIRST_WEIGHED_COSTS and chooses and not self.candidates

    def cohort_size(self, index: int) -> int:
        """Returns how many trials a cohort has, while the trial budget has room."""
        return cohort_size(index, self.cohort, self.models_early)

    @property
    def small_cohorts(self) -> int:
        """How many of the first cohorts are small."""
        return small_cohorts(self.cohort) if self.models_early else 0

    def find_dataset(self) -> Dataset:
        """Returns the dataset.

        Raises:
            SpecError: its file is missing, or has changed since the search was defined.
        """
        sources.use(self.code)
        reference = self.dataset_reference
        changed = self.table.changed_file()
        if self.dataset_sha256 is not None and not reference.has_digest(self.dataset_sha256):
            changed = self.dataset
        if changed is not None:
            raise SpecError(
                f"the file of {changed} has changed or gone since search {self.name!r} was "
                "defined; put it back, or start a new search."
            )
        return _load(reference, self.dataset_sha256, self.table)

    def obtain_dataset(self) -> Dataset:
        """Returns the dataset, after fetching rows that are not part of this package.

        They are fetched once here, because otherwise every worker would fetch them at once.

        Raises:
            SpecError: the rows are not available, have changed since the search was defined, or
                (for a user's own dataset) are not valid training data.
        """
        dataset = self.find_dataset()
        if dataset.file is not None:
            held = dataset.file()
            if self.dataset_sha256 is None and held is not None:
                raise SpecError(
                    f"search {self.name!r} was defined without the file {held}; "
                    "take it away, or start a new search."
                )
            dataset.split(self.seeds[0])
        if dataset.package is not None:
            require(dataset.package)
        if self.dataset_reference.kind.users_code and self.dataset_sha256 is None:
            problems = dataset.problems(self.seeds)
            if problems:
                raise SpecError([f"dataset {self.dataset!r}: {problem}" for problem in problems])
        return dataset

    def size(self, candidate: Candidate) -> dict[str, int]:
        """Returns raw, effective, flops and bytes of a candidate, in closed form."""
        sources.use(self.code)
        dataset = _load(self.dataset_reference, self.dataset_sha256, self.table)
        return model_size(candidate, dataset, self.edition, self.device)

    def notes(self) -> list[str]:
        """Returns what the user should know before training, in sentences.

        It is about own modules among the families, and about raw rows that the core cannot take.
        """
        own = [(name, space) for name, space in self.families if is_import_path(name)]
        smallest = [Candidate(name, space.smallest()) for name, space in own]
        found = list[str]()
        if own:
            dataset = self.find_dataset()
            found = [note for each in smallest for note in examined(each, dataset, self.edition)]
        if self.device is not None:
            is_table = self.dataset_reference.is_table
            found += raw_rows_notes(self.device, self.find_dataset(), is_table, self.seeds[0])
        return found

    def architecture(self, candidate: Candidate) -> Architecture:
        """Returns the architecture of a candidate, as it was when the search was defined.

        Raises:
            SpecError: there is no such model, or its code has gone.
        """
        sources.use(self.code)
        return family(candidate.family, self.edition).build(candidate.hyperparameters)

    def admits(self, candidate: Candidate) -> bool:
        """Returns whether a candidate keeps every required bound."""
        if not self.require:
            return True
        size = self.size(candidate)
        return all(bound.admits(size) for bound in self.require)

    def fingerprint(self) -> str:
        """Returns 16 hexadecimal digits that are equal if two searches give the same trials.

        The number of trials and the time budget do not count: they only say how many there are.
        The edition counts if it is not the first and changed a family or the sampler.
        """
        passed = {"name", "trials", "time_budget", "until", "edition"}
        if self.race is None:
            passed.add("race")
        edition = self._edition_that_counts()
        spec = {"edition": edition} if edition > 1 else {}
        spec |= {key: value for key, value in self.to_spec().items() if key not in passed}
        # keys stay in their order, because families take turns in it
        return hashlib.sha256(json.dumps(spec).encode()).hexdigest()[:16]

    def _edition_that_counts(self) -> int:
        """Returns the last edition that changed which trials this search has; 1 if none did."""
        changed = {
            2: self.edition >= 2 and differs(self.spaces, 1),
            FIRST_SHARED_START: self.shares_start,
            FIRST_EARLY_MODEL: self.models_early,
            FIRST_WEIGHED_COSTS: self.weighs_costs,
            FIRST_SMALLER_CODE: self.edition >= FIRST_SMALLER_CODE and self._counts_code(),
        }
        return max([1, *(edition for edition, counts in changed.items() if counts)])

    def _counts_code(self) -> bool:
        """Returns whether an objective or a bound depends on the C of a model."""
        names = (*self.objectives, *(bound.objective for bound in self.require))
        return any(OBJECTIVES[name].on_device for name in names)

    def to_spec(self) -> dict[str, Any]:
        """Returns the YAML form with every setting; ``Search.from_spec`` gives the search back."""
        return {
            "name": self.name,
            "edition": self.edition,
            "dataset": self.dataset,
            **({"dataset_sha256": self.dataset_sha256} if self.dataset_sha256 else {}),
            **self._table_spec(),
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
            **({"budgets": list(self.budgets)} if self.budgets else {}),
            **({"code": dict(self.code)} if self.code else {}),
            "batch_size": self.batch_size,
            "select": self.select,
            **({} if self.candidates else {key: getattr(self, key) for key in WITHOUT_CANDIDATES}),
            **({"until": self.until} if self.until is not None else {}),
            **({"race": self.race or NO_RACE} if self.edition >= FIRST_RACE else {}),
            "require": [str(bound) for bound in self.require],
            "cohort": self.cohort,
            "in_flight": self.in_flight,
            "seed": self.seed,
            **({"device": self.device} if self.device else {}),
            **({"numbers": list(self.numbers)} if self.numbers else {}),
            **(
                {"warm_start": [each.to_spec() for each in self.warm_start]}
                if self.warm_start
                else {}
            ),
        }

    def _table_spec(self) -> dict[str, Any]:
        """Returns what is said of a table; version 0.1 wrote no rules, and had the first ones."""
        if not self.dataset_reference.is_table:
            return {}
        rules = {"table_rules": self.table.rules} if self.table.rules > 1 else {}
        return {**rules, **self.table.given()}

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.to_spec(), sort_keys=False, default_flow_style=None, width=120)

    @staticmethod
    def from_spec(spec: Mapping[str, Any]) -> Search:
        """Reads the YAML form; what is left out has the dataset's default, or else this class's.

        Raises:
            SpecError: every mistake, each as a sentence.
        """
        return Search(**read_search(spec))


@functools.lru_cache(maxsize=8)
def _load(reference: DatasetReference, sha256: str | None, table: TableOptions) -> Dataset:
    """Loads a dataset. A process reads a file once, and again only if its digest has changed."""
    return reference.load(table)

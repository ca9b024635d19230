"""Reads a search from its YAML form. Every mistake becomes a sentence, and reading continues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, get_args

from frontier_search import sources
from frontier_search.data.dataset import Dataset, Select
from frontier_search.data.reference import DatasetReference
from frontier_search.errors import SpecError, unknown
from frontier_search.export.costs import calibration
from frontier_search.export.devices import DEVICES
from frontier_search.export.numbers import ALL
from frontier_search.models.editions import EDITION
from frontier_search.models.families import PUBLISHED
from frontier_search.objective import device_problem, objective_problems
from frontier_search.search.bound import Bound, parse_bound
from frontier_search.search.candidates import model_problems, read_candidates
from frontier_search.search.proposing import ProposalReader
from frontier_search.search.spaces import Spaces, data_problem, read_families
from frontier_search.space import SearchSpace
from frontier_search.spec import SpecValues, name_problem
from frontier_search.table.options import KEYS as TABLE_KEYS
from frontier_search.table.options import RULES, TableOptions
from frontier_search.trial import Candidate

FamiliesBudget = Literal["balanced", "free"]

DEFAULT_OBJECTIVES = ("loss", "params")

KEYS = (
    "name", "edition", "dataset", "dataset_sha256", "objectives", "families", "candidates",
    "trials", "time_budget", "seeds", "epochs", "budgets", "batch_size", "select",
    "code", "learning_rates", "sampler", "families_budget", "require", "cohort", "in_flight",
    "seed", "race",
    *TABLE_KEYS,
    "until",
    "device", "numbers",
    "warm_start",
)  # fmt: skip

# Measured in trials and in seconds: benchmarks/README.md. A cohort of 16 with 3 in flight proposes
# 48 trials before it knows an outcome.
COHORT, IN_FLIGHT = 8, 2

# The settings of proposals, which listed candidates do not need.
WITHOUT_CANDIDATES = ("trials", "sampler", "families_budget")


def read_search(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Returns every field of a ``Search``, by name.

    What is left out has the dataset's default, or else the default of ``Search``.

    Raises:
        SpecError: every mistake, each as a sentence.
    """
    return _Reader(spec).fields()


AUTO = "auto"  # the batch size that follows the number of rows


class _Reader:
    """Reads first each value, then what the values mean together."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self.values = SpecValues(spec, KEYS)
        self.spec, self.problems = self.values.spec, self.values.problems
        self.proposals = ProposalReader(self.values)
        self.table = TableOptions.read(self.values)

    def fields(self) -> dict[str, Any]:
        code = self._code()
        dataset = self._dataset()
        budget = dataset.budget if dataset else None
        rates = self._rates()
        numbers = self._numbers()
        families = self._families(dataset, rates, numbers)
        candidates = self._candidates(families, rates)
        objectives = self._objectives(dataset)
        epochs, budgets = self._budgets(budget.epochs if budget else 1)
        bounds = self._bounds()
        fields: dict[str, Any] = {
            "name": self._name(),
            "edition": self._edition(),
            "dataset": dataset.name if dataset else str(self.spec.get("dataset", "")),
            "families": families,
            "objectives": objectives,
            "candidates": candidates,
            "trials": self.values.whole(
                "trials", len(candidates) or self.proposals.default_trials()
            ),
            "time_budget_s": self.values.seconds("time_budget"),
            "seeds": self.values.seeds("seeds", 5),
            "epochs": epochs,
            "budgets": budgets,
            "batch_size": self._batch_size(dataset),
            "select": self.values.one_of(
                "select", get_args(Select), budget.select if budget else "best"
            ),
            "sampler": self.proposals.sampler(objectives, bool(candidates)),
            "families_budget": self.values.one_of(
                "families_budget", get_args(FamiliesBudget), "free" if candidates else "balanced"
            ),
            "require": bounds,
            "cohort": self.values.whole("cohort", COHORT),
            "in_flight": self.values.whole("in_flight", IN_FLIGHT),
            "seed": self.values.whole("seed", 0, low=0),
            "device": self._device(objectives, bounds),
            "numbers": numbers,
            "dataset_sha256": self.spec.get("dataset_sha256") or self._sha256(dataset),
            "table": self.table,
            "code": code,
        }
        if numbers and budgets:
            self.problems.append(
                "`budgets` and `numbers` are given; a model is turned into integers once, after "
                "its last epoch. Leave one of the two out."
            )
        fields["race"] = self.proposals.race(fields)
        fields["until"] = self.proposals.until(fields)
        fields["warm_start"] = self.proposals.warm_start(fields)
        if dataset and not self.problems and not code:
            self.problems += model_problems(
                families, candidates, fields["require"], dataset, fields["device"]
            )
            fields["code"] = sources.collect(name for name, _ in families)
        if self.problems:
            raise SpecError(self.problems)
        return fields

    def _name(self) -> str:
        name = str(self.spec.get("name", ""))
        problem = name_problem(name)
        if problem:
            self.problems.append(problem)
        return name

    def _code(self) -> sources.Digests:
        """Returns the files of the families of a defined search; none for a new one."""
        given = self.spec.get("code", {})
        if not isinstance(given, Mapping):
            self.problems.append(f"code = {given!r}; it maps files to their SHA-256.")
            return ()
        return tuple(sorted((str(file), str(digest)) for file, digest in given.items()))

    def _edition(self) -> int:
        edition = self.values.whole("edition", EDITION)
        if edition > EDITION:
            self.problems.append(
                f"edition = {edition}; this version knows up to {EDITION}. "
                "Use the version that defined the search, or a later one."
            )
        return edition

    def _dataset(self) -> Dataset | None:
        if "dataset" not in self.spec:
            self.problems.append(
                "no dataset given; name one with --dataset NAME|FILE or the key `dataset`. "
                "See `frontier-search datasets`."
            )
            return None
        given = str(self.spec["dataset"])
        if isinstance(self.spec["dataset"], Mapping | list | tuple):
            self.problems.append(
                f"dataset = {given}; give one name, or one file. Many datasets are a sweep."
            )
            return None
        reference = DatasetReference.read(given)
        if not reference.is_table:
            self.table = replace(self.table, rules=RULES)  # they say nothing of this dataset
        try:
            if self.table.changed_file() is not None or (
                "dataset_sha256" in self.spec
                and not reference.has_digest(self.spec["dataset_sha256"])
            ):
                return None  # such a search can still be read; ``find_dataset`` raises
            if reference.is_table and "dataset_sha256" not in self.spec:
                self.table = self.table.with_digests()
            dataset = reference.load(self.table)
        except SpecError as error:
            self.problems += error.problems
            return None
        return replace(dataset, name=reference.recorded)

    def _sha256(self, dataset: Dataset | None) -> str | None:
        """Returns the digest of the file on this machine that holds the rows, or None."""
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

    def _device(self, objectives: Sequence[str], bounds: Sequence[Bound]) -> str | None:
        """Returns the name of the core, which objectives and bounds of cores need."""
        given = self.spec.get("device")
        name = None if given is None else str(given)
        for each in dict.fromkeys((*objectives, *(bound.objective for bound in bounds))):
            problem = device_problem(each, name)
            self.problems += [problem] if problem else []
        if name is not None:
            try:
                DEVICES[name]
                calibration(name)
            except SpecError as error:
                self.problems += error.problems
                return None
        return name

    def _numbers(self) -> tuple[str, ...]:
        """Returns the number formats that candidates choose from; none if not given."""
        names = self.values.names("numbers", (), "formats such as float32 and int8")
        if names and self.spec.get("device") is None:
            self.problems.append(
                "`numbers` needs the core that the models run on; name it with --device, "
                "e.g. --device cortex-m0plus."
            )
        self.problems += [unknown("number format", each, ALL) for each in names if each not in ALL]
        self.problems += [
            f"number format {each!r} is listed twice; list it once."
            for each in dict.fromkeys(names)
            if list(names).count(each) > 1
        ]
        return tuple(each for each in ALL if each in names)

    def _budgets(self, default: int) -> tuple[int, tuple[int, ...]]:
        """Returns the epochs, and the budgets up to them; none if they are the only one."""
        budgets = self.values.rising("budgets", "[15, 30, 60, 120]")
        epochs = self.values.whole("epochs", budgets[-1] if budgets else default)
        if budgets and budgets[-1] > epochs:
            self.problems.append(
                f"budgets = {list(budgets)} go above epochs = {epochs}; "
                "raise `epochs`, or leave it out: the largest budget is trained."
            )
        budgets = (*(budget for budget in budgets if budget < epochs), epochs)
        return epochs, budgets if len(budgets) > 1 else ()

    def _batch_size(self, dataset: Dataset | None) -> int:
        """Returns the rows of a minibatch; ``auto`` is decided here and recorded as a number."""
        if dataset is None or self.spec.get("batch_size") != AUTO:
            return self.values.whole("batch_size", dataset.budget.batch_size if dataset else 1)
        try:
            return dataset.budget.batch_size_of(len(dataset.split(0).train))
        except Exception as error:  # the user's code may raise anything
            self.problems.append(
                f"batch_size = auto follows the number of rows, and they cannot be had: {error}. "
                "Give a whole number."
            )
            return dataset.budget.batch_size

    def _rates(self) -> tuple[float, ...]:
        """Returns the learning rates that every family is trained with; none if not given."""
        if "learning_rates" not in self.spec:
            return ()
        given = self.spec["learning_rates"]
        space, problems = SearchSpace.from_spec({"learning_rates": {"choice": given}})
        rates = space["learning_rates"].extent() if not problems else ()
        legal = tuple(float(rate) for rate in rates if not isinstance(rate, str) and rate > 0)
        if len(legal) != len(rates) or problems:
            self.problems.append(
                f"learning_rates = {given!r}; give different numbers above 0, "
                "e.g. [0.001, 0.003, 0.01, 0.03, 0.1]."
            )
            return ()
        return legal

    def _families(
        self, dataset: Dataset | None, rates: Sequence[float], numbers: Sequence[str]
    ) -> Spaces:
        families = read_families(
            self.spec.get("families"),
            self._default_families(),
            dataset.learning_rate if dataset else (1e-3, 1e-2),
            self.problems,
            rates,
            recorded="code" in self.spec,
            numbers=numbers,
            channels=dataset.channels if dataset else None,
        )
        if dataset and "code" not in self.spec:
            self.problems += [
                problem for name, _ in families if (problem := data_problem(name, dataset))
            ]
        return families

    def _default_families(self) -> tuple[str, ...]:
        """Returns the families of the listed candidates, or else the published ones."""
        listed = self.spec.get("candidates")
        points = (
            [point for point in listed if isinstance(point, Mapping)]
            if isinstance(listed, list | tuple)
            else []
        )
        named = [point["family"] for point in points if point.get("family")]
        return tuple(dict.fromkeys(str(name) for name in named)) or PUBLISHED

    def _candidates(self, families: Spaces, rates: Sequence[float]) -> tuple[Candidate, ...]:
        if "candidates" not in self.spec:
            return ()
        self.problems += [
            f"{key} has no effect on listed candidates; leave it out."
            for key in WITHOUT_CANDIDATES
            if key in self.spec
        ]
        return read_candidates(self.spec["candidates"], families, self.problems, rates)

    def _bounds(self) -> tuple[Bound, ...]:
        bounds = []
        for text in self.values.names("require", (), "bounds such as params<=1000"):
            bound = parse_bound(text)
            if isinstance(bound, str):
                self.problems.append(bound)
            else:
                bounds.append(bound)
        return tuple(bounds)

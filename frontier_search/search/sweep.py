"""A sweep: many searches as one resumable whole, and the claims that they test.

Written in YAML as::

    name: compact                    # default: the file's name
    claims: published                # a table of the package, or a YAML file; optional
    until_settled: false             # true: candidates that decide a claim get more seeds
    defaults: {seeds: 5, trials: 90} # settings of every search
    searches:                        # a list of datasets, or labels with settings of their own
      friedman1: {epochs: 60}        # the label is the dataset, unless `dataset` is given
      sine-narrow: {dataset: sine, require: [params<=100]}

Each search has a folder of its own, called SWEEP-LABEL, and every command that reads a search reads
it like any other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontier_search.errors import SpecError, unknown
from frontier_search.search.claim import Claims
from frontier_search.search.proposing import NO_RACE
from frontier_search.search.search import Search
from frontier_search.spec import name_problem, read_yaml

KEYS = ("name", "claims", "until_settled", "defaults", "searches")

FURTHER = re.compile(r"(.+)-more-(\d+)")


def further_name(search: str, settling_round: int) -> str:
    """Returns the name of the search that gives candidates of another search more seeds.

    Args:
        settling_round: the number, from 1, of the round of judging after which it was added.
    """
    return f"{search}-more-{settling_round}"


def origin(name: str) -> tuple[str, int]:
    """Returns the name of the listed search whose candidates a search trains, and its round.

    A search that the sweep lists gives its own name and round 0. ``further_name`` made the other
    names.
    """
    match = FURTHER.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, 0)


@dataclass(frozen=True)
class Sweep:
    """Searches by label, in the order in which they are run.

    Attributes:
        name: the name of its folder, with which the names of its searches begin.
        searches: (label, search).
        claims: the name of a table of claims, or None.
        until_settled: whether candidates that decide an open claim get more seeds afterwards.
    """

    name: str
    searches: tuple[tuple[str, Search], ...]
    claims: str | None = None
    until_settled: bool = False

    def table(self) -> Claims:
        """Returns its claims; none if it names no table."""
        return Claims.read(self.claims) if self.claims else Claims({}, ())

    def to_spec(self) -> dict[str, Any]:
        """Returns the YAML form with every setting; ``from_spec`` gives the sweep back."""
        searches = {
            label: {key: value for key, value in search.to_spec().items() if key != "name"}
            for label, search in self.searches
        }
        claims = {"claims": self.claims} if self.claims else {}
        return {
            "name": self.name,
            **claims,
            "until_settled": self.until_settled,
            "searches": searches,
        }

    @staticmethod
    def from_yaml(
        path: Path,
        name: str | None = None,
        seeds: int | str | None = None,
        until_settled: bool = False,
    ) -> Sweep:
        """Reads a file, or one that the package ships by its name.

        Args:
            name, seeds, until_settled: override the file's, unless None or false.

        Raises:
            SpecError: every mistake, each as a sentence.
        """
        spec = {"name": path.stem} | read_yaml(path)
        spec |= {
            key: value for key, value in (("name", name), ("until_settled", until_settled)) if value
        }
        if seeds is not None:
            spec["defaults"] = {**(spec.get("defaults") or {}), "seeds": seeds}
        return Sweep.from_spec(spec)

    @staticmethod
    def from_spec(spec: Mapping[str, Any]) -> Sweep:
        """Reads the YAML form.

        Raises:
            SpecError: every mistake, each as a sentence; those of a search begin with its label.
        """
        problems = [unknown("key", key, KEYS) for key in spec if key not in KEYS]
        if "searches" not in spec:
            problems.append(
                "no searches given; list datasets under `searches`, "
                "or give a single search to `frontier-search run`."
            )
            raise SpecError(problems)
        name, given = str(spec.get("name", "")), spec["searches"]
        problem = name_problem(name)
        problems += [problem] if problem else []
        if isinstance(given, list):
            problems += [
                f"{label!r} is listed twice under `searches`; list it once."
                for label in _repeated(map(str, given))
            ]
            given = {str(label): {} for label in given}
        defaults = spec.get("defaults") or {}
        if "claims" in spec and isinstance(defaults, Mapping):  # which speak of whole trainings
            defaults = {"race": NO_RACE, **defaults}
        if not isinstance(given, Mapping) or not isinstance(defaults, Mapping):
            problems.append(
                "`searches` is a list of datasets or a mapping from labels to settings, "
                "`defaults` a mapping."
            )
            raise SpecError(problems)
        searches = _searches(name, given, defaults, problems)
        claims, settle = spec.get("claims"), spec.get("until_settled", False)
        if claims is not None:
            try:
                Claims.read(str(claims))
            except SpecError as error:
                problems += error.problems
        if not isinstance(settle, bool) or (settle and claims is None):
            problems.append(
                f"until_settled = {settle!r}; it is true or false, and needs `claims` to settle."
            )
        if problems:
            raise SpecError(problems)
        return Sweep(name, searches, str(claims) if claims is not None else None, bool(settle))


def _searches(
    name: str, given: Mapping[Any, Any], defaults: Mapping[str, Any], problems: list[str]
) -> tuple[tuple[str, Search], ...]:
    """Returns (label, search) of each search of sweep ``name``; mistakes go to ``problems``."""
    if not given:
        problems.append("`searches` is empty; list one dataset or more.")
    searches = []
    for label, own in given.items():
        if own is not None and not isinstance(own, Mapping):
            problems.append(
                f"{label}: {own!r} is no mapping of settings; "
                f"write e.g. `{label}: {{trials: 50}}`, or `{label}: {{}}`."
            )
            continue
        if own and "name" in own:
            problems.append(f"{label}: `name` has no effect; the search is called {name}-{label}.")
        spec = {"dataset": label, **defaults, **(own or {}), "name": f"{name}-{label}"}
        try:
            searches.append((str(label), Search.from_spec(spec)))
        except SpecError as error:
            problems += [f"{label}: {sentence}" for sentence in error.problems]
    return tuple(searches)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]

"""A sweep: many searches as one resumable whole, and the claims that they are to answer.

Written in YAML as::

    name: compact                    # default: the file's name
    claims: published                # a table of the package, or a YAML file; may be left out
    until_settled: false             # then give more seeds to the candidates that decide claims
    defaults: {seeds: 5, trials: 90} # settings of every search
    searches:                        # a list of datasets, or a mapping from labels to what differs from the defaults
      friedman1: {epochs: 60}        # dataset: the label, unless it says otherwise
      sine-narrow: {dataset: sine, require: [params<=100]}

A sweep is nothing but its searches: each has a folder of its own, called SWEEP-LABEL, and every command that reads a search reads these.
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
from frontier_search.search.search import Search
from frontier_search.spec import name_problem, read_yaml

KEYS = ("name", "claims", "until_settled", "defaults", "searches")

FURTHER = re.compile(
    r"(.+)-more-(\d+)"
)  # the name of a search that gives candidates of another one more seeds


def further_name(search: str, look: int) -> str:
    """What the search is called that was added after a look at the evidence of another."""
    return f"{search}-more-{look}"


def origin(name: str) -> tuple[str, int]:
    """The search whose candidates a search trains, and the look after which it was added: itself and 0 for one of the sweep's own."""
    match = FURTHER.fullmatch(name)
    return (match[1], int(match[2])) if match else (name, 0)


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


@dataclass(frozen=True)
class Sweep:
    """Searches by label, in the order in which they are run.

    Attributes:
        name: names its folder, and begins the names of its searches.
        searches: (label, search).
        claims: the name of a table of claims, or None.
        until_settled: whether the candidates that decide claims get more seeds afterwards.
    """

    name: str
    searches: tuple[tuple[str, Search], ...]
    claims: str | None = None
    until_settled: bool = False

    def table(self) -> Claims:
        """Its claims; none when it names no table."""
        return Claims.read(self.claims) if self.claims else Claims({}, ())

    def to_spec(self) -> dict[str, Any]:
        """Every setting of every search spelled out; ``from_spec`` gives the sweep back."""
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
        """Reads a file, or one that the package ships by its name; what is given besides overrides it.

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
        """Raises SpecError: every mistake of every search, each as a sentence that begins with its label."""
        problems = [unknown("key", key, KEYS) for key in spec if key not in KEYS]
        if "searches" not in spec:
            raise SpecError(
                [
                    *problems,
                    "no searches given; list datasets under `searches`, or give a single search to `frontier-search run`.",
                ]
            )
        name, defaults, given = (
            str(spec.get("name", "")),
            spec.get("defaults") or {},
            spec["searches"],
        )
        problem = name_problem(name)
        problems += [problem] if problem else []
        if isinstance(given, list):
            problems += [
                f"{label!r} is listed twice under `searches`; list it once."
                for label in _repeated(map(str, given))
            ]
            given = {str(label): {} for label in given}
        if not isinstance(given, Mapping) or not isinstance(defaults, Mapping):
            raise SpecError(
                [
                    *problems,
                    "`searches` is a list of datasets or a mapping from labels to settings, `defaults` a mapping.",
                ]
            )
        if not given:
            problems.append("`searches` is empty; list one dataset or more.")
        searches = []
        for label, own in given.items():
            if own is not None and not isinstance(own, Mapping):
                problems.append(
                    f"{label}: {own!r} is no mapping of settings; write e.g. `{label}: {{trials: 50}}`, or `{label}: {{}}`."
                )
                continue
            if own and "name" in own:
                problems.append(
                    f"{label}: `name` has no effect; the search is called {name}-{label}."
                )
            try:
                searches.append(
                    (
                        str(label),
                        Search.from_spec(
                            {"dataset": label, **defaults, **(own or {}), "name": f"{name}-{label}"}
                        ),
                    )
                )
            except SpecError as error:
                problems += [f"{label}: {sentence}" for sentence in error.problems]
        claims = spec.get("claims")
        if claims is not None:
            try:
                Claims.read(str(claims))
            except SpecError as error:
                problems += error.problems
        settle = spec.get("until_settled", False)
        if not isinstance(settle, bool) or (settle and claims is None):
            problems.append(
                f"until_settled = {settle!r}; it is true or false, and needs `claims` to settle."
            )
        if problems:
            raise SpecError(problems)
        return Sweep(
            name, tuple(searches), str(claims) if claims is not None else None, bool(settle)
        )

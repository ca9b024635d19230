"""A claim: a sentence of a study, with the statements that would make it true.

Each statement can be judged by evidence.

Written in YAML as::

    groups:
      reservoir: [kronecker, gated_kronecker]
    claims:
    - claim: the 203-parameter Kronecker reservoir beats a dense model of 465
      parts:
      - dataset: friedman1
        better: {family: kronecker, hidden: 16}
        than: {family: dense, hidden: 16}
    - claim: random sparse recurrence is about as good
      parts:
      - dataset: friedman1
        equal: {family: random_sparse}
        to: {family: kronecker}
        within: 0.1
    - claim: dense is no worse
      parts:
      - {dataset: sine, no_worse: {family: dense}, than: {family: kronecker}, within: 0.1}
    - claim: reservoirs own the low end
      parts:
      - {dataset: sine, owner: reservoir, to: 100}     # of more than half of the hypervolume
      - {dataset: wine, owner: reservoir, measure: members, above: 0}   # of some members
    - claim: dense reaches 0.92
      parts:
      - dataset: digits
        reach: 0.92
        by: {family: dense, hidden: 8}
        metric: test_accuracy
        within: 0.01
    - claim: reservoirs are strongest at ultra-low budgets
      parts:
      - {dataset: [sine, iris], stronger: reservoir, to: 100}
      # a larger share up to 100 parameters than above, on average over the datasets
      - {dataset: sine, owner: reservoir, against: dense, to: 100}   # no other family counts

A list of datasets stands for a part on each of them; with ``stronger``, for all of them together.
A pattern such as ``{family: kronecker, hidden: 16}`` stands for the best candidate, chosen on
validation, that has these values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontier_search.errors import SpecError, unknown
from frontier_search.objective import metric_keys
from frontier_search.spec import load_yaml

TABLES = Path(__file__).parents[1] / "claims"

# kind -> (keys it needs, keys it may have), besides ``dataset``
KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "better": (("than",), ("metric",)),
    "no_worse": (("than", "within"), ("metric",)),
    "equal": (("to", "within"), ("metric",)),
    "reach": (("by", "metric", "within"), ()),
    "owner": ((), ("from", "to", "above", "measure", "against")),
    "stronger": (("to",), ("against",)),
}
# Keys that hold a candidate's pattern. The key ``to`` of ``equal`` holds one too.
PATTERNS = ("better", "no_worse", "equal", "than", "by")
MEASURES = ("volume", "members")
METRICS = metric_keys()
MAJORITY = 0.5
DEFAULT_METRIC = "test_loss"


@dataclass(frozen=True)
class Part:
    """One statement of a claim.

    Attributes:
        kind: a key of ``KINDS``.
        datasets: it is about these.
        subject: a candidate's pattern, families, or the value to reach.
        values: its other keys; for families also ``who``, their words. ``against`` holds the
            families to which the contest is restricted, and ``whom`` their words.
    """

    kind: str
    datasets: tuple[str, ...]
    subject: Any
    values: Mapping[str, Any]

    def words(self) -> str:
        """Returns the statement for a table."""
        on = (
            f"{', '.join(self.datasets)}: "
            if len(self.datasets) < 4
            else f"{len(self.datasets)} datasets: "
        )
        if self.kind in ("better", "no_worse", "equal"):
            relation = {
                "better": "better than",
                "no_worse": "no worse than",
                "equal": "as good as",
            }[self.kind]
            margin = f" within {self.values['within']:.0%}" if "within" in self.values else ""
            other = self.values["to" if self.kind == "equal" else "than"]
            return f"{on}{pattern_words(self.subject)} {relation} {pattern_words(other)}{margin}"
        if self.kind == "reach":
            return (
                f"{on}{pattern_words(self.values['by'])} reaches {self.subject:g} "
                f"({self.values['metric']}) within {self.values['within']:g}"
            )
        who = self.values["who"]
        if self.kind == "stronger":
            return (
                f"{on}{who} models{self._rival_words()} own a larger share "
                f"up to {self.values['to']} parameters than above"
            )
        above = self.values.get("above", MAJORITY)
        share = "some" if above == 0 else f"more than {above:.0%}"
        measure = "members" if self.values.get("measure") == "members" else "hypervolume"
        owner = f"{on}{who} models{self._rival_words()}"
        return f"{owner} own {share} of the {measure}{self._range_words()}"

    @property
    def contestants(self) -> tuple[str, ...] | None:
        """The families between which a share is divided; None means all of them."""
        rivals = self.values.get("against")
        return (*self.subject, *rivals) if rivals else None

    def _rival_words(self) -> str:
        rivals = self.values.get("whom")
        return f", of what they and {rivals} models own," if rivals else ""

    def _range_words(self) -> str:
        low, high = self.values.get("from"), self.values.get("to")
        words = [*([f"from {low:,}"] if low else []), *([f"to {high:,}"] if high else [])]
        return f" ({' and '.join(words)} parameters)" if words else ""


@dataclass(frozen=True)
class Claim:
    """A sentence, and the statements that make it true.

    Attributes:
        number: its position in the table, from 1.
        text: the sentence of the study.
    """

    number: int
    text: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Claims:
    """A table of claims.

    Attributes:
        groups: name -> families, for the claims that name a group.
    """

    groups: Mapping[str, tuple[str, ...]]
    claims: tuple[Claim, ...]

    @staticmethod
    def read(name: str) -> Claims:
        """Reads a table that the package ships, by its name, or a YAML file.

        Raises:
            SpecError: every mistake, each as a sentence.
        """
        shipped = TABLES / f"{name}.yaml"
        path = shipped if shipped.exists() else Path(name)
        try:
            spec = load_yaml(path)
        except OSError as error:
            known = ", ".join(sorted(file.stem for file in TABLES.glob("*.yaml")))
            raise SpecError(
                f"cannot read the claims {name!r} ({error.strerror}); "
                f"give a YAML file, or one of {known}."
            ) from error
        except UnicodeDecodeError as error:
            raise SpecError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
        return Claims.from_spec(spec)

    @staticmethod
    def from_spec(spec: Any) -> Claims:
        """Reads the YAML form.

        Raises:
            SpecError: every mistake, each as a sentence.
        """
        if not isinstance(spec, Mapping) or not isinstance(spec.get("claims"), list):
            raise SpecError(
                "a table of claims is a mapping with a list `claims` "
                "(and `groups` of families, where claims speak of them)."
            )
        problems: list[str] = []
        groups = _groups(spec.get("groups") or {}, problems)
        claims = []
        for number, given in enumerate(spec["claims"], start=1):
            if (
                not isinstance(given, Mapping)
                or not given.get("claim")
                or not isinstance(given.get("parts"), list)
                or not given["parts"]
            ):
                problems.append(
                    f"claim {number} is {given!r}; "
                    "it needs a sentence `claim` and a list `parts` of one or more."
                )
                continue
            parts = [
                part
                for i, one in enumerate(given["parts"], start=1)
                for part in _parts(one, groups, f"claim {number}, part {i}", problems)
            ]
            claims.append(Claim(number, str(given["claim"]), tuple(parts)))
        if problems:
            raise SpecError(problems)
        return Claims(groups, tuple(claims))


def _parts(
    given: Any, groups: Mapping[str, Sequence[str]], name: str, problems: list[str]
) -> list[Part]:
    """Returns the parts of one statement: one for each dataset, or one for all of ``stronger``."""
    kinds = [kind for kind in KINDS if isinstance(given, Mapping) and kind in given]
    if len(kinds) != 1 or "dataset" not in given:
        problems.append(
            f"{name} is {given!r}; it needs `dataset: NAME` and one of {', '.join(KINDS)}."
        )
        return []
    kind = kinds[0]
    needed, allowed = KINDS[kind]
    problems += [f"{name} ({kind}) needs `{key}`." for key in needed if key not in given]
    problems += [
        f"{name} ({kind}): {unknown('key', key, (*needed, *allowed))}"
        for key in given
        if key not in ("dataset", kind, *needed, *allowed)
    ]
    wrong = [
        f"{name} ({kind}): {key} = {value!r}; {words} is needed."
        for key, value in given.items()
        if (words := _wanted(kind, key, value))
    ]
    if wrong:
        problems += wrong
        return []
    datasets = (
        tuple(given["dataset"]) if isinstance(given["dataset"], list) else (str(given["dataset"]),)
    )
    values = {key: value for key, value in given.items() if key not in ("dataset", kind)}
    subject = given[kind]
    if kind in ("owner", "stronger"):
        values["who"], subject = _families(subject, groups)
        if "against" in values:
            values["whom"], values["against"] = _families(values["against"], groups)
    together = kind == "stronger"
    return [
        Part(kind, each, subject, values)
        for each in ([datasets] if together else [(dataset,) for dataset in datasets])
    ]


def _families(
    given: str | Sequence[str], groups: Mapping[str, Sequence[str]]
) -> tuple[str, tuple[str, ...]]:
    """Returns the words for a family, a group or a list of them, and the families."""
    listed = [given] if isinstance(given, str) else given
    return " or ".join(listed), tuple(f for name in listed for f in groups.get(name, (name,)))


def _groups(given: Any, problems: list[str]) -> dict[str, tuple[str, ...]]:
    if not isinstance(given, Mapping) or not all(
        _is_names(families) for families in given.values()
    ):
        problems.append(
            f"groups = {given!r}; a mapping from names to lists of families is needed, "
            "e.g. {reservoir: [kronecker]}."
        )
        return {}
    return {str(name): tuple(families) for name, families in given.items()}


def _wanted(kind: str, key: str, value: Any) -> str | None:
    """Returns what a key of a part holds, in words, or None if ``value`` is that."""
    if key in PATTERNS or (key == "to" and kind == "equal"):
        return (
            None
            if isinstance(value, Mapping)
            else "a candidate's pattern such as {family: dense, hidden: 16}"
        )
    if key in ("owner", "stronger", "against"):
        return (
            None
            if isinstance(value, str) or (value and _is_names(value))
            else "a family, a group or a list of them"
        )
    if key == "metric":
        return None if value in METRICS else f"one of {', '.join(METRICS)}"
    if key == "measure":
        return None if value in MEASURES else f"one of {', '.join(MEASURES)}"
    if key == "dataset":
        return (
            None
            if isinstance(value, str) or (value and _is_names(value))
            else "a name or a list of names"
        )
    return None if isinstance(value, int | float) and not isinstance(value, bool) else "a number"


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def pattern_words(pattern: Mapping[str, Any]) -> str:
    """Returns words for a pattern, e.g. ``kronecker (hidden 16)``."""
    rest = ", ".join(f"{name} {value}" for name, value in pattern.items() if name != "family")
    return f"{pattern.get('family', 'any family')}{f' ({rest})' if rest else ''}"

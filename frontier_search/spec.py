"""A spec in a YAML file, and its values, read key by key: a value of the wrong kind becomes a sentence among ``problems``, and reading goes on."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from frontier_search.errors import SpecError, unknown
from frontier_search.seeds import MAX_SEED, MAX_SEEDS, seeds_from_count

SHIPPED = Path(__file__).parent / "search_spaces"


class _WithoutDuplicates(yaml.SafeLoader):
    """A safe loader for which a key that a mapping holds twice is a mistake: YAML itself would take the last one and say nothing."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Looked at here, before anchors are merged in: a key may override one of those."""
        node: yaml.MappingNode = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.composer.ComposerError(
                        None, None, f"the key `{key.value}` is given twice", key.start_mark
                    )
                seen.add(key.value)
        return node


def load_yaml(path: Path) -> Any:
    """What a YAML file holds.

    Raises:
        SpecError: it is not valid YAML.
        OSError, UnicodeDecodeError: it cannot be read.
    """
    try:
        return yaml.load(path.read_text(), _WithoutDuplicates)
    except yaml.YAMLError as error:
        place = (
            f" at line {mark.line + 1}, column {mark.column + 1}"
            if (mark := getattr(error, "problem_mark", None))
            else ""
        )
        words = ", ".join(
            filter(None, (getattr(error, "context", None), getattr(error, "problem", None)))
        ) or str(error)
        raise SpecError(
            f"{path} is not valid YAML{place}: {' '.join(str(words).split())}."
        ) from error


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file, not yet checked; a file that is not there may be the name of one that the package ships.

    Raises:
        SpecError: the file is missing, cannot be read or is no mapping.
    """
    try:
        shipped = SHIPPED / path.name
        spec = load_yaml(shipped if shipped.exists() and not path.exists() else path)
    except FileNotFoundError:
        names = ", ".join(sorted(file.name for file in SHIPPED.glob("*.yaml")))
        raise SpecError(
            f"there is no file {path}. Shipped searches, by name: {names}. A dataset is named with --dataset."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot read {path}: {error}.") from error
    if not isinstance(spec, dict):
        held = "nothing" if spec is None else "a list" if isinstance(spec, list) else repr(spec)
        raise SpecError(
            f"{path} holds {held}; a search is a mapping of settings, e.g. `dataset: digits`."
        )
    return spec


class SpecValues:
    """The mapping that a user wrote.

    Attributes:
        spec: key -> value, without those that are None.
        problems: a sentence for each mistake found so far.
    """

    def __init__(self, spec: Mapping[str, Any], keys: Sequence[str]) -> None:
        self.spec = {key: value for key, value in spec.items() if value is not None}
        self.problems: list[str] = [unknown("key", key, keys) for key in spec if key not in keys]

    def seeds(self, key: str, default: int) -> tuple[int, ...]:
        """A number of seeds, or a list of different ones."""
        given = self.spec.get(key, default)
        if isinstance(given, int) and not isinstance(given, bool):
            if given < 1:
                self.problems.append(
                    f"{key} = {given}; at least one seed is needed to train a model."
                )
            if given > MAX_SEEDS:
                self.problems.append(
                    f"{key} = {given}; at most {MAX_SEEDS} models are trained a candidate."
                )
            return seeds_from_count(min(given, MAX_SEEDS))
        listed = given if isinstance(given, list | tuple) else []
        legal = [
            seed
            for seed in listed
            if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= MAX_SEED
        ]
        if not listed or len(legal) < len(listed) or len(set(legal)) < len(legal):
            self.problems.append(
                f"{key} = {given!r}; give how many (5), or a list of different whole numbers from 0 to {MAX_SEED}."
            )
        return tuple(legal)

    def seconds(self, key: str) -> float | None:
        """A time such as ``90s``, ``10m`` or ``2h``, or a number of seconds; None when it is not given."""
        given = self.spec.get(key)
        if given is None:
            return None
        if isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < math.inf:
            return float(given)
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)?\s*", str(given))
        seconds = (
            float(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[2] or "s"]
            if match
            else 0.0
        )
        if seconds <= 0:
            self.problems.append(
                f"{key} = {given!r}; write a positive time such as 90s, 10m or 2h."
            )
        return seconds

    def whole(self, key: str, default: int, low: int = 1) -> int:
        """A whole number of at least ``low``."""
        given = self.spec.get(key, default)
        if not isinstance(given, int) or isinstance(given, bool) or given < low:
            self.problems.append(f"{key} = {given!r}; a whole number of at least {low} is needed.")
            return default
        return given

    def one_of(self, key: str, allowed: Any, default: str) -> Any:
        """One of the allowed names."""
        given = self.spec.get(key, default)
        if given not in allowed:
            self.problems.append(unknown(key, given, allowed))
            return default
        return given

    def names(self, key: str, default: Sequence[str], what: str = "names") -> tuple[str, ...]:
        """A list of names (or of ``what`` they are called in messages), or one string of them with commas."""
        given = self.spec.get(key, default)
        if isinstance(given, str):
            given = [name.strip() for name in given.split(",") if name.strip()]
        if not isinstance(given, list | tuple):
            self.problems.append(f"{key} = {given!r}; give a list of {what}.")
            return tuple(default)
        return tuple(str(name) for name in given)


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def name_problem(name: str) -> str | None:
    """Why a search cannot have this name, or None: it names a folder and a part of every uid."""
    if NAME.fullmatch(name):
        return None
    return f"the name {name!r} cannot name a folder; use letters, digits, '.', '_' and '-', at most 64, starting with a letter or a digit."

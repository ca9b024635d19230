"""Reads a YAML file, and its values key by key.

A value of the wrong kind becomes a sentence in the list ``problems``, and reading continues.
"""

from __future__ import annotations

import math
import re
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from frontier_search.errors import SpecError, unknown
from frontier_search.seeds import MAX_SEED, MAX_SEEDS, seeds_from_count

SPEC_SUFFIXES = (".yaml", ".yml", ".json", ".txt")  # a file of rows may be large: it is not read
SHIPPED = Path(__file__).parent / "search_spaces"


class _WithoutDuplicates(yaml.SafeLoader):
    """A safe loader that refuses a key given twice. YAML would silently take the last value."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Checks the keys before anchors are merged in, because a key may override an anchor's."""
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
    """Returns what a YAML file holds.

    Raises:
        SpecError: it is not valid YAML.
        OSError, UnicodeDecodeError: it cannot be read.
    """
    try:
        return deepcopy(_parsed(path.read_text()))
    except yaml.YAMLError as error:
        position = (
            f" at line {mark.line + 1}, column {mark.column + 1}"
            if (mark := getattr(error, "problem_mark", None))
            else ""
        )
        words = ", ".join(
            filter(None, (getattr(error, "context", None), getattr(error, "problem", None)))
        ) or str(error)
        raise SpecError(
            f"{path} is not valid YAML{position}: {' '.join(str(words).split())}."
        ) from error


@lru_cache(maxsize=64)  # the spaces of families are read again with every search
def _parsed(text: str) -> Any:
    return yaml.load(text, _WithoutDuplicates)


def read_yaml(path: Path) -> dict[str, Any]:
    """Returns the mapping in a YAML file, not yet checked.

    If there is no such file, the file of that name that the package ships is read.

    Raises:
        SpecError: the file is missing, cannot be read or holds no mapping.
    """
    if path.suffix and path.suffix.lower() not in SPEC_SUFFIXES and path.is_file():
        raise SpecError(
            f"{path} is no search file, which ends in .yaml; if it holds rows, name it with"
            f" --dataset {shlex.quote(str(path))}."
        )
    try:
        shipped = SHIPPED / path.name
        spec = load_yaml(shipped if shipped.exists() and not path.exists() else path)
    except FileNotFoundError:
        names = ", ".join(sorted(file.name for file in SHIPPED.glob("*.yaml")))
        raise SpecError(
            f"there is no file {path}. Shipped searches, by name: {names}. "
            "A dataset is named with --dataset."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot read {path}: {error}.") from error
    if not isinstance(spec, dict):
        held = "nothing" if spec is None else "a list" if isinstance(spec, list) else "text"
        raise SpecError(
            f"{path} holds {held}; a search is a mapping of settings, e.g. `dataset: digits`."
            f" If it holds rows, name it with --dataset {shlex.quote(str(path))}."
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
        """Returns the seeds. They are given as a count, a list, or a string such as ``101,202``."""
        given = self.spec.get(key, default)
        if isinstance(given, int) and not isinstance(given, bool):
            return self._seeds_by_count(key, given)
        listed: Sequence[Any] = given if isinstance(given, list | tuple) else []
        if isinstance(given, str):
            listed = _split_seeds(given)
        wrong = [seed for seed in listed if not _is_seed(seed)]
        legal = [seed for seed in listed if _is_seed(seed)]
        repeated = [seed for seed, times in Counter(legal).items() if times > 1]
        if wrong or repeated or not listed:
            reason = (
                f"{wrong[0]!r} is not a seed; "
                if wrong
                else f"{repeated[0]} is given twice; "
                if repeated
                else ""
            )
            self.problems.append(
                f"{key} = {given!r}; {reason}give how many (5), or a list of different whole"
                f" numbers from 0 to {MAX_SEED} (101,202,303)."
            )
        return tuple(legal)

    def _seeds_by_count(self, key: str, count: int) -> tuple[int, ...]:
        if count < 1:
            self.problems.append(f"{key} = {count}; at least one seed is needed to train a model.")
        if count > MAX_SEEDS:
            self.problems.append(
                f"{key} = {count}; at most {MAX_SEEDS} models are trained a candidate."
            )
        return seeds_from_count(min(count, MAX_SEEDS))

    def seconds(self, key: str) -> float | None:
        """Returns the seconds of a time such as ``90s``, ``10m`` or ``2h``, or a number of seconds.

        None if the key is not given.
        """
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
        """Returns a whole number of at least ``low``."""
        given = self.spec.get(key, default)
        if not isinstance(given, int) or isinstance(given, bool) or given < low:
            self.problems.append(f"{key} = {given!r}; a whole number of at least {low} is needed.")
            return default
        return given

    def rising(self, key: str, example: str) -> tuple[int, ...]:
        """Returns whole numbers above 0, each larger than the one before; none if not given.

        They are given as a list, as one number, or as a string such as ``15,30``.
        """
        given = self.spec.get(key, [])
        if key not in self.spec:
            return ()
        listed = given if isinstance(given, list | tuple) else [given]
        if isinstance(given, str):
            listed = [
                int(word) if word.isdecimal() else word for word in map(str.strip, given.split(","))
            ]
        whole = [n for n in listed if isinstance(n, int) and not isinstance(n, bool) and n > 0]
        if not listed or len(whole) < len(listed) or sorted(set(whole)) != whole:
            self.problems.append(
                f"{key} = {given!r}; give whole numbers above 0 that increase, e.g. {example}."
            )
            return ()
        return tuple(whole)

    def one_of(self, key: str, allowed: Any, default: str) -> Any:
        """Returns one of the allowed names."""
        given = self.spec.get(key, default)
        if given not in allowed:
            self.problems.append(unknown(key, given, allowed))
            return default
        return given

    def names(self, key: str, default: Sequence[str], what: str = "names") -> tuple[str, ...]:
        """Returns names, given as a list or as one string with commas.

        Args:
            what: what messages call the names.
        """
        given = self.spec.get(key, default)
        if isinstance(given, str):
            given = [name.strip() for name in given.split(",") if name.strip()]
        if not isinstance(given, list | tuple):
            self.problems.append(f"{key} = {given!r}; give a list of {what}.")
            return tuple(default)
        return tuple(str(name) for name in given)


def _split_seeds(text: str) -> list[int | str]:
    """Splits ``101,202``; ``101,`` is one seed. Words that are not whole numbers stay strings."""
    if "," not in text:
        return []
    words = [word.strip() for word in text.strip().removesuffix(",").split(",")]
    return [int(word) if word.isascii() and word.isdecimal() else word for word in words]


def _is_seed(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SEED


NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def name_problem(name: str) -> str | None:
    """Returns why a search cannot have this name, or None.

    The name is the name of a folder, and part of every uid.
    """
    if NAME.fullmatch(name):
        return None
    return (
        f"the name {name!r} cannot name a folder; use letters, digits, '.', '_' and '-', "
        "at most 64, starting with a letter or a digit."
    )

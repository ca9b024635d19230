"""A family: a kind of model, with its source, its default space and its architecture."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from frontier_search.errors import SpecError
from frontier_search.space import SearchSpace, Value
from frontier_search.spec import load_yaml

SEED_BYTES = 8  # of the seed that draws what is fixed
FROM_DATASET = "dataset"  # the learning-rate range, or the channels, are the dataset's own
CHANNELS = "input_channels"  # the hyperparameter that tells a family of sequences of a step


@dataclass(frozen=True)
class Size:
    """What is known of a model before training.

    Attributes:
        raw: the number of scalars that gradient training may change.
        effective: raw without the scalars that the structure holds at zero, which cannot change the
            output.
        flops: floating-point operations of the forward pass of one row. A multiply and an add are
            two, a tanh is one, and zero entries of a graph cost none.
        bytes: everything that must be stored: the learned scalars as float32, and of what is fixed
            its rule if there is one (the factors of a Kronecker product, the seed of a draw).
        unrolled_bytes: the same with what is fixed written out: a graph as edges of 8 bytes or
            densely, whichever is smaller. Without a value it equals ``bytes``.
    """

    raw: int
    effective: int
    flops: int
    bytes: int
    unrolled_bytes: int = 0

    def __post_init__(self) -> None:
        if not self.unrolled_bytes:
            object.__setattr__(self, "unrolled_bytes", self.bytes)

    def counts(self) -> dict[str, int]:
        """Returns what is stored with a trial, by name."""
        names = ("raw", "effective", "flops", "bytes")
        return {name: int(getattr(self, name)) for name in names}


class Architecture(Protocol):
    """A model's shape, without weights. Frozen and free of torch, so that counting is quick.

    Attributes:
        network: import path ``module:CLASS`` of the stacked torch program that trains it, most
            often one of ``frontier_search.models.networks``.
        shape: models whose network and shape are equal share a stack.
        rank: the models of a stack are sorted by rank, largest first.
    """

    @property
    def network(self) -> str: ...
    @property
    def shape(self) -> Hashable: ...
    @property
    def rank(self) -> int: ...
    def size(self, n_inputs: int, n_outputs: int) -> Size: ...


@dataclass(frozen=True)
class Family:
    """A kind of model.

    Attributes:
        name: the name in the table.
        summary: one line.
        source: paper, and the equation or the section.
        space_file: YAML file of the default space, beside the family's own file.
        build: hyperparameters -> architecture. Raises SpecError if there is no such model.
        image: whether a row must be a square image of one channel.
        sequence: whether a row must be a sequence. Its space then has ``input_channels: dataset``.
        space: the default space in YAML form, where no file holds it.
        fitted: whether its models are fitted in one go, see ``trainable``: without epochs, without
            a learning rate, and with a size that is known after fitting.
    """

    name: str
    summary: str
    source: str
    space_file: Path
    build: Callable[[Mapping[str, Value]], Architecture]
    image: bool = False
    space: Mapping[str, Any] | None = None
    fitted: bool = False
    sequence: bool = False

    def space_spec(self, learning_rate: tuple[float, float], channels: int = 1) -> dict[str, Any]:
        """Returns the default space in YAML form, with what is the dataset's own.

        Args:
            learning_rate: (low, high).
            channels: numbers of a step, if a row is a sequence.

        Raises:
            SpecError: the file is missing, or holds no parameters.
        """
        try:
            spec = load_yaml(self.space_file) if self.space is None else dict(self.space)
        except (OSError, UnicodeDecodeError) as error:
            raise SpecError(
                f"family {self.name!r}: cannot read its default space: {error}. "
                "Give its `space_file`, in YAML."
            ) from error
        if not spec or not isinstance(spec, dict):
            raise SpecError(
                f"family {self.name!r}: {self.space_file} holds no parameters; "
                "write e.g. `hidden: {choice: [4, 8]}`."
            )
        if spec.get("learning_rate") == FROM_DATASET:
            spec["learning_rate"] = {"float": list(learning_rate), "log": True}
        if spec.get(CHANNELS) == FROM_DATASET:
            spec[CHANNELS] = channels
        return spec

    def default_space(self, learning_rate: tuple[float, float], channels: int = 1) -> SearchSpace:
        """Returns the default space for a dataset, see ``space_spec``."""
        space, problems = SearchSpace.from_spec(self.space_spec(learning_rate, channels))
        if problems:
            raise SpecError([f"{self.space_file.name}: {problem}" for problem in problems])
        return space

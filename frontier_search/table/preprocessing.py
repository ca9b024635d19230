"""What turns raw rows into the inputs of a model, and its outputs into predictions.

It is fitted on the training rows of one split and travels with the model. It holds numbers and
words only and is written as JSON; it is never pickled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.table import coding
from frontier_search.table.coding import Coding, NumberCoding

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1
Class = str | int | float | bool


@dataclass(frozen=True)
class Target:
    """What a model predicts.

    Attributes:
        names: of the target columns; several for a regression only.
        classes: in the order of class numbers, as they are in the table; empty for a regression.
        centre, scale: of each number to predict: number = output * scale + centre.
    """

    names: tuple[str, ...]
    classes: tuple[Class, ...] = ()
    centre: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Target:
        return Target(**{key: tuple(value) for key, value in data.items()})


@dataclass(frozen=True)
class Preprocessing:
    """The codings of the used columns, in the order of a model's inputs, and the target.

    Attributes:
        codings: one a column.
        target: what the outputs of a model mean.
    """

    codings: tuple[Coding, ...]
    target: Target

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the raw columns that a row needs, in any order."""
        return tuple(each.name for each in self.codings)

    @property
    def input_types(self) -> dict[str, str]:
        """The type of each raw column: ``double`` or ``string``."""
        return {each.name: each.input_type for each in self.codings}

    @property
    def features(self) -> tuple[str, ...]:
        """The names of a model's inputs."""
        return tuple(name for each in self.codings for name in each.names)

    @property
    def width(self) -> int:
        return len(self.features)

    def transform(self, rows: pd.DataFrame | Mapping[str, Sequence[Any]] | NDArray[Any]) -> Any:
        """Returns the inputs of a model.

        Args:
            rows: a frame, or a mapping from column names to values, with at least the columns
                ``columns``, in any order; cells as they are in a file. An array of numbers,
                (n_rows, n_columns), has its columns in the order of ``columns``.

        Returns:
            float32, shape (n_rows, width).

        Raises:
            SpecError: a column is missing, or a cell cannot be read; all of them, each by name.
        """
        frame = self._frame(rows)
        absent = [repr(name) for name in self.columns if name not in frame.columns]
        if absent:
            raise SpecError(
                f"the rows have no column {', '.join(absent)}; "
                f"needed are: {', '.join(map(repr, self.columns))}, in any order."
            )
        problems, parts = [], []
        for each in self.codings:
            column = frame[each.name]
            try:
                parts.append(each.encode(each.read(column)))
            except ValueError as error:
                problems.append(f"column {each.name!r}, {error}.")
        if problems:
            raise SpecError(problems)
        return np.ascontiguousarray(np.concatenate(parts, axis=1))

    def _frame(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        if not isinstance(rows, np.ndarray):
            frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(dict(rows))
            return frame.rename(columns=lambda name: str(name).strip())
        if rows.ndim != 2 or rows.shape[1] != len(self.codings):
            raise SpecError(
                f"the rows have shape {rows.shape}; (n_rows, {len(self.codings)}) is needed, with "
                f"the columns {', '.join(map(repr, self.columns))} in this order."
            )
        return pd.DataFrame(rows, columns=list(self.columns))

    def decode(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Returns predictions of a model's outputs.

        Args:
            outputs: shape (n_rows, n_outputs): logits, or scaled numbers.

        Returns:
            Class names of dtype object, (n_rows,); or float64 in the unit of the target, (n_rows,)
            or (n_rows, n_targets) for several.
        """
        values = np.asarray(outputs, dtype=np.float64)
        if self.target.classes:
            chosen = values[:, 0] > 0 if values.shape[1] == 1 else values.argmax(axis=1)
            names = np.array([*self.target.classes, None], dtype=object)[:-1]
            return np.asarray(names[chosen.astype(np.int64)])
        numbers = values * np.array(self.target.scale) + np.array(self.target.centre)
        return np.asarray(numbers if len(self.target.names) > 1 else numbers[:, 0])

    def probabilities(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """Returns the probability of each class, (n_rows, n_classes).

        Raises:
            SpecError: the target is a number.
        """
        if not self.target.classes:
            raise SpecError(f"{self.target.names[0]!r} is a number and has no probabilities.")
        values = np.asarray(outputs, dtype=np.float64)
        if values.shape[1] == 1:  # one logit: that of the second class
            values = np.concatenate([np.zeros_like(values), values], axis=1)
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def to_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "target": asdict(self.target),
            "columns": [coding.to_json(each) for each in self.codings],
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Preprocessing:
        """Returns the preprocessing that ``to_json`` wrote.

        Raises:
            SpecError: a later version wrote it.
        """
        if data["version"] > VERSION:
            raise SpecError(
                f"this preprocessing has version {data['version']}, and this program knows up to "
                f"{VERSION}; use a later frontier-search."
            )
        codings = tuple(coding.from_json(each) for each in data["columns"])
        return Preprocessing(codings, Target.from_json(data["target"]))


def pixels(codings: Sequence[Coding]) -> bool:
    """Returns whether every column is a number that keeps its place, as pixels of an image do."""
    return all(isinstance(each, NumberCoding) and len(each.names) == 1 for each in codings)

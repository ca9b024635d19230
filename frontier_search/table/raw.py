"""A table as a reader returns it: a frame of numbers, texts and dates, and how it was written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from frontier_search.errors import SpecError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Written:
    """How a file is written.

    Attributes:
        kind: the format's name.
        separator, decimal, thousands, encoding: of texts; empty for other formats.
        header: whether the columns have names.
        first_row: what people call the first row: in a file with a header the second line.
        notes: what was found on the way, for people.
    """

    kind: str
    separator: str = ""
    decimal: str = "."
    thousands: str = ""
    encoding: str = ""
    header: bool = True
    first_row: int = 1
    notes: tuple[str, ...] = ()

    def describe(self) -> str:
        """Returns one line for people."""
        names = {"\t": "tabs", " ": "spaces", ",": "commas", ";": "semicolons", "|": "bars"}
        words = [self.kind]
        if self.separator:
            words.append(f"separated by {names.get(self.separator, repr(self.separator))}")
        words += [f"decimal {self.decimal!r}"] * (self.decimal != ".")
        words += [f"thousands separated by {self.thousands!r}"] * bool(self.thousands)
        words += [self.encoding] * bool(self.encoding)
        words += ["no header"] * (not self.header)
        return "; ".join([", ".join(words), *self.notes])

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "separator": self.separator or None,
            "decimal": self.decimal,
            "thousands": self.thousands or None,
            "encoding": self.encoding or None,
            "header": self.header,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class RawTable:
    """The rows of a file, with cells as they are in it.

    Attributes:
        frame: columns of numbers, texts or dates; names without spaces around them, each once.
        written: how the file is written.
        image: (channels, height, width) if the columns are the pixels of an image.
        targets: the names of target columns, where the format says which they are.
        part: which part of a split each row belongs to, 0 train, 1 validation, 2 test, (n_rows,);
            None if the table is not split.
        sequence: (steps, channels) if the columns are the steps of a sequence, step by step. Of a
            long table they are named as ``sequences`` says.
        gap: if the rows are windows of one series in the order of time: how many of them lie
            between two parts of a split, so that no step is in both.
    """

    frame: pd.DataFrame
    written: Written
    image: tuple[int, int, int] | None = None
    targets: tuple[str, ...] = ()
    source: str = field(default="", compare=False)
    part: NDArray[np.int64] | None = field(default=None, compare=False)
    sequence: tuple[int, int] | None = None
    gap: int | None = None

    @property
    def placed(self) -> bool:
        """Whether each feature has its place, as a pixel or a step, and none can be left out."""
        return self.image is not None or self.sequence is not None


def checked_names(names: list[str], source: str) -> list[str]:
    """Returns column names without spaces around them.

    Raises:
        SpecError: one is empty or stands twice.
    """
    names = [str(name).strip().strip("\u200b\ufeff") for name in names]  # marks without width
    problems = []
    if "" in names:
        problems.append(
            f"column {names.index('') + 1} of {source} has no name; name it, or write the file "
            "without row numbers (index=False)."
        )
    repeated = [repr(name) for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if repeated:
        problems.append(
            f"columns of {source} share a name: {', '.join(repeated)}. Give each its own."
        )
    if problems:
        raise SpecError(problems)
    return names


def checked_frame(frame: pd.DataFrame, source: str) -> pd.DataFrame:
    """Returns a frame with checked names, and its nullable columns as numbers or texts.

    Raises:
        SpecError: as ``checked_names``; or a cell holds several values.
    """
    import numpy as np
    import pandas as pd

    several = (list, dict, tuple, set, np.ndarray)
    names = checked_names([str(name) for name in frame.columns], source)
    frame = frame.copy(deep=False)
    frame.columns = pd.Index(names)
    nested = [
        repr(name)
        for name in names
        if frame[name].dtype == object and any(isinstance(v, several) for v in frame[name])
    ]
    if nested:
        raise SpecError(
            f"columns of {source} hold lists or objects: {', '.join(nested)}; give each value a "
            "column."
        )
    for name in names:
        dtype = frame[name].dtype
        if isinstance(dtype, pd.CategoricalDtype):
            frame[name] = frame[name].astype(object)
        elif pd.api.types.is_extension_array_dtype(dtype) and pd.api.types.is_numeric_dtype(dtype):
            frame[name] = frame[name].to_numpy(dtype="float64", na_value=float("nan"))
    return frame.reset_index(drop=True)

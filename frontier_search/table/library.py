"""Tables that a library holds: ``sklearn:NAME`` and ``openml:NUMBER``."""

from __future__ import annotations

import functools
from typing import Any

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError, unknown
from frontier_search.table import own, reading
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame
from frontier_search.table.understanding import Understanding, understand

SKLEARN, OPENML = "sklearn:", "openml:"


def is_library(given: str) -> bool:
    return given.startswith((SKLEARN, OPENML))


@functools.lru_cache(maxsize=4)
def understood(given: str, options: TableOptions) -> Understanding:
    """Returns what a library's table holds.

    Raises:
        SpecError: there is no such table, it cannot be fetched, or as ``understand``.
    """
    return understand(reading.with_its_parts(read(given), options), options)


def dataset(given: str) -> Dataset:
    """Returns the dataset of a library's table."""
    return own.dataset(understood(given, TableOptions()), given)


def read(given: str) -> RawTable:
    """Returns a library's table; raises SpecError if there is none, or it cannot be fetched."""
    bunch = _openml(given) if given.startswith(OPENML) else _sklearn(given)
    return of_bunch(bunch, given.partition(":")[0], repr(given))


def _sklearn(given: str) -> Any:
    from sklearn import datasets

    name = given.removeprefix(SKLEARN)
    makers = {
        each.partition("_")[2]: each
        for each in dir(datasets)
        if each.startswith(("load_", "fetch_")) and "openml" not in each and "file" not in each
    }
    if name not in makers:
        raise SpecError(unknown("table of scikit-learn", name, makers))
    try:
        return getattr(datasets, makers[name])(as_frame=True)
    except TypeError:  # it has no columns
        return getattr(datasets, makers[name])()
    except (OSError, ValueError) as error:
        raise SpecError(f"scikit-learn cannot fetch {name!r}: {error}.") from error


def _openml(given: str) -> Any:
    from sklearn.datasets import fetch_openml

    number = given.removeprefix(OPENML)
    if not number.isdecimal():
        raise SpecError(f"{given!r}: give OpenML's number of a dataset, e.g. openml:61.")
    try:
        return fetch_openml(data_id=int(number), as_frame=True, n_retries=1, delay=0.1)
    except (OSError, ValueError) as error:  # no network; OpenML's refusal
        reason = " ".join(str(error).split())
        raise SpecError(
            f"OpenML did not give dataset {number} ({reason}). Save it as a file where OpenML can "
            "be reached."
        ) from error


def of_bunch(bunch: Any, kind: str, source: str) -> RawTable:
    """Returns the table of scikit-learn's ``Bunch``: ``data``, ``target`` and their names."""
    import numpy as np
    import pandas as pd

    names = [str(name) for name in bunch.get("feature_names", [])]
    features = pd.DataFrame(bunch["data"])
    if len(names) == features.shape[1]:
        features.columns = pd.Index(names)
    features.columns = pd.Index([str(name) for name in features.columns])
    given = bunch["target"]
    targets = given if isinstance(given, pd.DataFrame) else pd.DataFrame({_name(given): given})
    classes = bunch.get("target_names")
    (column,) = targets.columns if targets.shape[1] == 1 else (None,)
    if column is not None and classes is not None and len(classes) > 1:
        codes = targets[column]
        if codes.dtype.kind in "iu" and codes.isin(range(len(classes))).all():
            targets = pd.DataFrame({column: np.array(classes, dtype=str)[codes.to_numpy()]})
    frame = pd.concat([features.reset_index(drop=True), targets.reset_index(drop=True)], axis=1)
    frame = checked_frame(frame, source)
    of_target = tuple(str(name).strip() for name in targets.columns)
    return RawTable(frame, Written(kind), None, of_target, source)


def _name(series: Any) -> str:
    return str(getattr(series, "name", None) or "target")

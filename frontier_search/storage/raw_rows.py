"""What a search keeps so that its models take raw rows when its table is not in place any more."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.search.search import Search
from frontier_search.storage.folder import SearchFolder
from frontier_search.table.preprocessing import Preprocessing


@dataclass(frozen=True)
class RawRows:
    """How raw rows become the inputs of the models of one seed.

    Attributes:
        preprocessing: fitted on the seed's training rows.
        n_outputs: of a model.
    """

    preprocessing: Preprocessing
    n_outputs: int


def keep(search: Search, folder: SearchFolder) -> None:
    """Writes the preprocessing of every seed, unless it is there or the rows have no raw form."""
    path = _path(folder)
    if path.is_file() or not search.dataset_reference.is_table:
        return
    try:
        dataset = search.find_dataset()
    except SpecError:
        return
    if dataset.preprocessing is None:
        return
    fitted = {str(seed): dataset.preprocessing(seed).to_json() for seed in search.seeds}
    kept = {"n_outputs": dataset.n_outputs, "seeds": fitted}
    write_whole(path, json.dumps(kept).encode())


def read(search: Search, folder: SearchFolder, seed: int) -> RawRows:
    """Returns what was kept for a seed; what its table says if an older version ran the search.

    Raises:
        SpecError: the rows have no raw form; or nothing was kept, and the table is missing or has
            changed.
    """
    path = _path(folder)
    if path.is_file():
        kept = json.loads(path.read_text())
        if str(seed) in kept["seeds"]:
            fitted = Preprocessing.from_json(kept["seeds"][str(seed)])
            return RawRows(fitted, kept["n_outputs"])
    dataset = search.find_dataset()
    if dataset.preprocessing is None:
        raise SpecError(
            f"search {search.name!r} is of {search.dataset}, whose rows have no raw form; only "
            "the models of a table of your own take raw rows."
        )
    return RawRows(dataset.preprocessing(seed), dataset.n_outputs)


def keep_largest(folder: SearchFolder, found: Mapping[int, Sequence[float]]) -> None:
    """Writes what decides the scales of members in integers, by trial, see ``IntegerPlan``."""
    write_whole(_integers(folder), json.dumps(found).encode())


def largest(folder: SearchFolder) -> dict[int, tuple[float, ...]]:
    """Returns what ``keep_largest`` wrote; nothing if it did not."""
    path = _integers(folder)
    kept = json.loads(path.read_text()) if path.is_file() else {}
    return {int(number): tuple(values) for number, values in kept.items()}


def _path(folder: SearchFolder) -> Path:
    return folder.path / "preprocessing.json"


def _integers(folder: SearchFolder) -> Path:
    return folder.path / "integers.json"

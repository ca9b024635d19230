"""Says before training what `export` would refuse of raw rows on a core."""

from __future__ import annotations

from frontier_search.data.dataset import Dataset
from frontier_search.errors import SpecError
from frontier_search.export import toolchain
from frontier_search.export.devices import DEVICES
from frontier_search.export.raw import source
from frontier_search.export.raw.scale import narrowed
from frontier_search.table import shipped


def raw_rows_notes(device: str, dataset: Dataset, is_table: bool, seed: int) -> list[str]:
    """Returns a sentence if raw rows of a dataset need 64 bits that a core's double does not have.

    Args:
        is_table: whether the dataset is a user's own file.
        seed: whose training rows say how the columns are scaled.
    """
    core = DEVICES[device]
    if toolchain.of(core).double64 or dataset.file is not None:  # the rows may not be here yet
        return []
    found = shipped.of_any(dataset, is_table, seed)
    try:
        refused = source.refused(narrowed(found), core) if found is not None else ""
    except SpecError as error:  # no C can hold them
        return list(error.problems)
    if not refused:
        return []
    sentence = refused[0].upper() + refused[1:]
    advice = "leave dates out (--drop), and use numbers that are small beside their spread"
    return [f"{sentence}. `export --device {device}` will refuse the members; {advice}."]

"""How long every model of a search is trained, and which of its epochs is reported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Select = Literal["best", "last"]


@dataclass(frozen=True)
class Budget:
    """The training of one model.

    Attributes:
        epochs: passes over the training rows.
        batch_size: rows a minibatch; the last one of an epoch may be smaller.
        select: report the epoch with the smallest validation loss (``best``) or the final one (``last``).
    """

    epochs: int
    batch_size: int
    select: Select = "best"

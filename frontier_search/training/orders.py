"""The order of the training rows of every seed in every epoch, each drawn once.

A seed and an epoch decide an order, the same for every candidate, resumed or not. Orders are kept
for the stacks that follow, because drawing them takes up to a tenth of training: in memory while
they are small, then in a temporary file, whose pages the system may drop.
"""

from __future__ import annotations

import tempfile
import threading
import weakref
from collections.abc import Sequence
from typing import IO

import numpy as np
from numpy.typing import NDArray

from frontier_search.seeds import ORDER_STREAM

KEPT_IN_MEMORY = 64 << 20  # bytes
KEPT_IN_FILE = 2 << 30  # bytes

Order = NDArray[np.int32]


class Orders:
    """The orders of a search's training rows. Threads share it.

    Args:
        seeds: of the search.
        n_rows: training rows of each seed.
    """

    def __init__(self, seeds: Sequence[int], n_rows: int) -> None:
        self.seeds, self.n_rows = tuple(seeds), n_rows
        self._kept: dict[int, Order] = {}
        self._in_memory = KEPT_IN_MEMORY
        self._in_file = KEPT_IN_FILE
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def of(self, epoch: int) -> Order:
        """Returns the order in one epoch, (S, n), int32 positions among the training rows."""
        with self._lock:
            if epoch not in self._kept:
                order = self._drawn(epoch)
                kept = self._keep(order)
                if kept is None:
                    return order
                self._kept[epoch] = kept
            return self._kept[epoch]

    def _drawn(self, epoch: int) -> Order:
        order = np.empty((len(self.seeds), self.n_rows), dtype=np.int32)
        for own, seed in zip(order, self.seeds, strict=True):
            own[:] = np.random.default_rng([seed, ORDER_STREAM, epoch]).permutation(self.n_rows)
        return order

    def _keep(self, order: Order) -> Order | None:
        """Returns what is kept of an order; None where there is no room left."""
        if order.nbytes <= self._in_memory:
            self._in_memory -= order.nbytes
            return order
        if order.nbytes > self._in_file:
            return None
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  # it lives as long as self
                weakref.finalize(self, self._file.close)
            start = self._file.seek(0, 2)
            self._file.write(order.data)
            self._file.flush()
        except OSError:  # the disk is full: orders are drawn again
            self._in_file = 0
            return None
        self._in_file -= order.nbytes
        return np.memmap(self._file, np.int32, "r", start, order.shape)

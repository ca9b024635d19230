"""One epoch of a stack in the compiled kernel: the arguments of ``train_epoch`` in ``kernel.c``."""

from __future__ import annotations

import ctypes
import math
import weakref
from collections.abc import Sequence
from dataclasses import astuple
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from frontier_search.data.dataset import Task
from frontier_search.errors import TrialError
from frontier_search.models.program import (
    COMPILED,
    Activation,
    Factors,
    Input,
    LearnedFactors,
    Programmed,
)
from frontier_search.training.kernels.library import library
from frontier_search.training.kernels.structs import (
    Array,
    FactorsStruct,
    GraphStruct,
    LayerStruct,
    StackStruct,
    TableStruct,
    address,
    pointer,
)
from frontier_search.training.optimiser import StackedAdamW
from frontier_search.training.rows import Data
from frontier_search.training.selection import Selection
from frontier_search.training.stack import Stack
from frontier_search.training.threads import ONE_THREAD, Threads

KINDS = ("dense", "reservoir")
LEARNS = ("nothing", "shared", "per_level", "rank_one")
MAX_TENSORS = 32  # learned tensors of a network, as in kernel.c
KEPT_VAL = 64 << 20  # bytes of packed validation rows that are kept between two epochs
MOSTLY = 0.5  # a graph with a larger share of entries that are not zero is multiplied as a matrix


class _Rows:
    """The rows of all seeds as the kernel reads them, made once for all stacks of a ``Data``."""

    def __init__(self, data: Data) -> None:
        rows, weights = data.rows, data.weights
        y = rows.pool.y.astype(np.float32, copy=False)  # a class is its number
        self._arrays: list[Array | None] = [rows.pool.x, y]
        for scaling, n in ((rows.x_scaling, 3), (rows.y_scaling, 2)):
            self._arrays += [None] * n if scaling is None else astuple(scaling)[:n]
        of_val = None if weights is None else _chosen(weights, rows.numbers["val"]).sum(axis=1)
        self._arrays += [weights, of_val]
        n_targets = 1 if y.ndim == 1 else y.shape[1]
        self.table = TableStruct(*map(address, self._arrays), *rows.pool.x.shape, n_targets)
        self._val: dict[int, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}

    @staticmethod
    def of(data: Data) -> _Rows:
        if data not in _rows:
            _rows[data] = _Rows(data)
        return _rows[data]

    def packed_val(
        self, kernel: ctypes.CDLL, data: Data, batch_size: int
    ) -> tuple[NDArray[np.float32] | None, NDArray[np.float32] | None]:
        """The packed validation rows and targets; None where they are packed in each epoch."""
        val = data.rows.numbers["val"]
        (n_seeds, n_val), n_inputs = val.shape, self.table.n_inputs
        table, length = ctypes.byref(self.table), kernel.packed_length(n_val, n_inputs, batch_size)
        if 4 * n_seeds * length > KEPT_VAL:
            return None, None
        if batch_size not in self._val:
            x = np.empty(n_seeds * length, dtype=np.float32)
            n_targets = n_seeds * kernel.packed_targets(table, n_val, batch_size)
            y = np.empty(n_targets, dtype=np.float32)
            where = (address(val), address(x), address(y))
            if kernel.pack(table, n_seeds, n_val, batch_size, *where):
                raise TrialError("out of memory: the validation rows do not fit twice")
            self._val[batch_size] = x, y
        return self._val[batch_size]


_rows: weakref.WeakKeyDictionary[Data, _Rows] = weakref.WeakKeyDictionary()


def covers(stack: Stack, data: Data) -> bool:
    """Returns whether the kernel is installed and can train these models."""
    network = stack.network
    known = stack.models[0].architecture.network in COMPILED and isinstance(network, Programmed)
    fits = len(network.learned) <= MAX_TENSORS
    return known and fits and data.device.type == "cpu" and library() is not None


class KernelEpochs:
    """Trains a stack as ``TorchEpochs`` does, model by model, in place on the same tensors.

    Args:
        stack: whose network is ``Programmed``.
        data: the rows of all seeds.
        batch_size: rows of a minibatch.
        optimiser: of the stack's scalars, changed in place.
        selection: of the stack's models, changed in place.
        threads: among which the models are spread. The result does not depend on them.
    """

    def __init__(
        self,
        stack: Stack,
        data: Data,
        batch_size: int,
        optimiser: StackedAdamW,
        selection: Selection,
        threads: Threads = ONE_THREAD,
    ) -> None:
        kernel, network = library(), stack.network
        assert kernel is not None
        assert isinstance(network, Programmed)
        self._kernel, self._data, self._optimiser = kernel, data, optimiser
        self._selection = selection
        program, n_models = network.program(), len(stack.models)
        batch_size = min(batch_size, data.sizes["train"])
        self._rows = _Rows.of(data)
        val_x, val_y = self._rows.packed_val(kernel, data, batch_size)
        shapes = [(math.prod(shape[:-1]), shape[-1]) for shape in network.learned.values()]
        sizes = np.array([rows * columns for rows, columns in shapes], dtype=np.int64)
        seeds = data.positions(stack).numpy().astype(np.int32)
        self._threads = threads
        self._chosen = np.argsort(seeds, kind="stable").astype(np.int32)  # that are still trained
        graphs = [_graph(graph) for graph in program.graphs]
        numbers = {
            "kind": KINDS.index(program.kind),
            "task": get_args(Task).index(data.dataset.task),
            "activation": get_args(Activation).index(program.activation),
            "n_inputs": data.dataset.n_features,
            "hidden": program.hidden,
            "n_outputs": data.dataset.n_outputs,
            "n_layers": len(program.layers),
            "skip": program.skip,
            "input": get_args(Input).index(program.input),
            "basis": program.basis,
            "gated": program.gated,
            "leaky": program.leaks is not None,
            "select_best": selection.select == "best",
            "n_models": n_models,
            "n_tensors": len(shapes),
            "batch": batch_size,
            "n_train": data.sizes["train"],
            "n_val": data.sizes["val"],
        }
        self._arrays: dict[str, Array | None] = {  # kept while the kernel points into them
            "shape": np.array(shapes, dtype=np.int32),
            "offset": n_models * (np.cumsum(sizes) - sizes),
            "seed": seeds,
            "steps": np.array(program.steps or [0] * n_models, dtype=np.int32),
            "rate": _per_model([model.learning_rate for model in stack.models]),
            "decay": _per_model([model.weight_decay for model in stack.models]),
            "flat": stack.flat,
            "mean": optimiser.mean,
            "square": optimiser.square,
            "selected": selection.flat,
            "train": data.rows.numbers["train"],
            "val": data.rows.numbers["val"],
            "val_x": val_x,
            "val_y": val_y,
            "input_map": program.input_map,
            "leak": program.leaks,
            "selected_loss": selection.loss,
            "selected_epoch": selection.epoch,
            "diverged_epoch": selection.diverged_epoch,
        }
        self._graphs = (graphs, (GraphStruct * n_models)(*(struct for struct, _ in graphs)))
        pointers = {name: address(array) for name, array in self._arrays.items()}
        self._layers = (LayerStruct * len(program.layers))(
            *(LayerStruct(*layer) for layer in program.layers)
        )
        pointers["layer"] = ctypes.cast(self._layers, ctypes.c_void_p)
        pointers["table"] = pointer(self._rows.table)
        if graphs:
            pointers["graph"] = ctypes.cast(self._graphs[1], ctypes.c_void_p)
        if program.factors is not None:
            self._factors = _learned_factors(program.factors)
            pointers["factors"] = pointer(self._factors[0])
        self._stack = StackStruct(**numbers, **pointers)

    def run(self, epoch: int) -> None:
        """Trains one epoch.

        Raises:
            TrialError: there is no memory for it.
        """
        order = self._data.order(epoch)
        self._stack.epoch, self._stack.updates = epoch, self._optimiser.step_count
        self._stack.order = address(order)
        self._stack.val_loss = address(self._selection.val_losses[epoch - 1])
        self._stack.train_loss = address(self._selection.train_losses[epoch - 1])
        if any(self._threads.spread(self._train, self._chosen)):
            raise TrialError("out of memory: the kernel's working arrays do not fit")
        self._optimiser.step_count += -(-self._stack.n_train // self._stack.batch)

    def drop(self, models: Sequence[int]) -> bool:
        """Leaves models out of the next epochs; they stay as they are."""
        self._chosen = self._chosen[~np.isin(self._chosen, models)]
        return True

    def _train(self, chosen: NDArray[np.int32]) -> int:
        """Trains some models for one epoch. Other threads run meanwhile. Returns 0, or an error."""
        where = ctypes.byref(self._stack), address(chosen)
        return int(self._kernel.train_epoch(*where, len(chosen)))


def _chosen(weights: Tensor, numbers: NDArray[np.int32]) -> NDArray[np.float64]:
    """The weights (S, R) of the rows (S, n) of each seed, (S, n)."""
    return np.take_along_axis(weights.numpy(), numbers, axis=1).astype(np.float64)


def _per_model(values: Sequence[float]) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def _learned_factors(factors: LearnedFactors) -> tuple[FactorsStruct, tuple[Array, ...]]:
    """A learned graph as the kernel reads it, and the arrays that it points into."""
    blocks = np.array(factors.blocks, dtype=np.int32)
    learns, size = LEARNS.index(factors.learns), len(factors.factor)
    arrays = (blocks, factors.factor, factors.radii)
    numbers = (learns, size, sum(factors.blocks), len(blocks))
    return FactorsStruct(*numbers, *map(address, arrays)), arrays


def _graph(graph: NDArray[np.float32] | Factors) -> tuple[GraphStruct, tuple[Array, ...]]:
    """A graph as the kernel reads it, and the arrays that it points into."""
    if isinstance(graph, Factors):
        sizes = np.array([len(factor) for factor in graph.factors], dtype=np.int32)
        factors = np.concatenate([factor.ravel() for factor in graph.factors])
        struct = GraphStruct(n_factors=len(sizes), factor_size=address(sizes))
        struct.factor, struct.loops = address(factors), address(graph.loops)
        return struct, (sizes, factors, graph.loops)
    matrix = np.ascontiguousarray(graph)
    if np.count_nonzero(matrix) > MOSTLY * matrix.size:
        return GraphStruct(dense=address(matrix)), (matrix,)
    rows, columns = _edges(matrix), _edges(matrix.T)
    names = ("start", "column", "value", "start_t", "column_t", "value_t")
    pointers = {name: address(a) for name, a in zip(names, (*rows, *columns), strict=True)}
    return GraphStruct(**pointers), (*rows, *columns)


def _edges(matrix: NDArray[np.float32]) -> tuple[Array, Array, Array]:
    """A matrix by rows: where each begins, the column of each entry, and its value."""
    row, column = np.nonzero(matrix)
    start = np.searchsorted(row, np.arange(len(matrix) + 1)).astype(np.int32)
    return start, column.astype(np.int32), matrix[row, column].astype(np.float32)

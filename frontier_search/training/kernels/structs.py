"""The structs of ``kernel.c`` as ctypes sees them, and the addresses that they hold."""

from __future__ import annotations

import ctypes
from typing import Any

import torch
from numpy.typing import NDArray

Array = NDArray[Any] | torch.Tensor


class GraphStruct(ctypes.Structure):
    """``struct graph``."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("start", "column", "value")),
        *((name, ctypes.c_void_p) for name in ("start_t", "column_t", "value_t")),
        *((name, ctypes.c_void_p) for name in ("factor_size", "factor", "loops", "dense")),
        ("n_factors", ctypes.c_int32),
    ]


class LayerStruct(ctypes.Structure):
    """``struct layer``."""

    _fields_ = [(name, ctypes.c_int32) for name in ("width", "biased", "active")]


class FactorsStruct(ctypes.Structure):
    """``struct factors``."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in ("learns", "size", "levels", "n_blocks")),
        *((name, ctypes.c_void_p) for name in ("block", "fixed", "radius")),
    ]


class TableStruct(ctypes.Structure):
    """``struct table``."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("x", "y", "shift", "factor", "fill")),
        *((name, ctypes.c_void_p) for name in ("y_shift", "y_factor", "weight", "val_weight")),
        *((name, ctypes.c_int32) for name in ("n_rows", "n_inputs", "n_targets")),
    ]


_NUMBERS = (
    *("kind", "task", "activation", "n_inputs", "hidden", "n_outputs"),
    *("n_layers", "skip", "input", "basis", "gated", "leaky", "select_best"),
    *("n_models", "n_tensors", "batch", "n_train", "n_val", "epoch"),
)
_POINTERS = (
    *("shape", "offset", "seed", "steps", "rate", "decay"),
    *("flat", "mean", "square", "selected", "table", "train", "val", "order", "val_x", "val_y"),
    *("layer", "graph", "factors", "input_map"),
    *("leak", "selected_loss", "selected_epoch", "diverged_epoch", "val_loss", "train_loss"),
)


class StackStruct(ctypes.Structure):
    """``struct stack``."""

    _fields_ = [
        *((name, ctypes.c_int32) for name in _NUMBERS),
        ("updates", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in _POINTERS),
    ]


def pointer(struct: ctypes.Structure) -> ctypes.c_void_p:
    """Returns where a struct is, which must outlive its use."""
    return ctypes.cast(ctypes.pointer(struct), ctypes.c_void_p)


def address(array: Array | None) -> ctypes.c_void_p | None:
    """Returns where a contiguous array begins, which must outlive its use; None for None."""
    if array is None:
        return None
    if isinstance(array, torch.Tensor):
        assert array.is_contiguous()
        return ctypes.c_void_p(array.data_ptr())
    assert array.flags.c_contiguous
    return ctypes.c_void_p(array.ctypes.data)

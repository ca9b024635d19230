"""Training in compiled code: ``kernel.c``, how it is found on this machine, and how it is called.

The torch network stays the definition. A contract test compares the losses, the weights and the
selected epochs of both, for every family that the kernel covers.
"""

from __future__ import annotations

from frontier_search.models.network import Solved
from frontier_search.models.program import Programmed
from frontier_search.training.kernels.epochs import KernelEpochs
from frontier_search.training.kernels.library import library
from frontier_search.training.rows import Data
from frontier_search.training.stack import Stack

__all__ = ["KernelEpochs", "covers", "library"]


def covers(stack: Stack, data: Data) -> bool:
    """Returns whether the kernel is installed and can train these models."""
    known = isinstance(stack.network, Programmed) and not isinstance(stack.network, Solved)
    return known and data.device.type == "cpu" and library() is not None

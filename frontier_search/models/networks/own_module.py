"""A user's own module: a stack through ``torch.func``, or a loop where that cannot be trusted."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.examination import examine
from frontier_search.models.module_stack import ModuleStack


def stack(
    architectures: Sequence[OwnModule],
    seeds: Sequence[int],
    n_inputs: int,
    n_outputs: int,
    device: torch.device,
) -> ModuleStack:
    """Returns the network of M equal architectures.

    Raises:
        SpecError: the module cannot be trained.
    """
    first = architectures[0]
    stacked = examine(first, n_inputs, n_outputs).stacked
    return ModuleStack(first, seeds, n_inputs, n_outputs, device, stacked)

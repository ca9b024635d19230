"""The table of devices: where a worker keeps its stacks, as torch names it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from frontier_search.errors import SpecError, unknown


def _cuda() -> str | None:
    if torch.cuda.is_available():
        return None
    return "sees no GPU" if torch.version.cuda else "was built without CUDA"


DEVICES: dict[str, Callable[[], str | None]] = {  # name -> what keeps this process from it, or None
    "cpu": lambda: None,
    "cuda": _cuda,
}


def usable(device: str) -> torch.device:
    """Returns a device of the table, for torch.

    Raises:
        SpecError: there is no such device, or this process cannot use it.
    """
    if device not in DEVICES:
        raise SpecError(unknown("device", device, DEVICES))
    problem = DEVICES[device]()
    if problem is not None:
        raise SpecError(
            f"torch {torch.__version__} in this process {problem}; "
            "leave --gpus-per-cohort out to train on CPUs, or mend that."
        )
    return torch.device(device)

"""A sequence as a model's input: n inputs are T steps of C channels each, step by step.

A shorter sequence is padded before its first step, so that the last step of every row is real.
"""

from __future__ import annotations

from typing import Literal, get_args

from frontier_search.errors import SpecError

Pooling = Literal["last", "mean"]  # what a readout sees: the last step's state, or all steps' mean


def steps(n_inputs: int, channels: int) -> int:
    """Returns T, the steps of a sequence of n inputs.

    Raises:
        SpecError: the inputs are no whole number of steps.
    """
    if channels < 1 or n_inputs % channels:
        raise SpecError(
            f"{n_inputs} inputs are no sequence of {channels} channels; a family of sequences "
            "takes input_channels from the dataset, so leave it out"
        )
    return n_inputs // channels


def pooling(word: object) -> Pooling:
    """Returns a pooling by its name.

    Raises:
        SpecError: there is none of that name.
    """
    if word == "last":
        return "last"
    if word == "mean":
        return "mean"
    raise SpecError(f"pooling = {word!r}; allowed are {', '.join(get_args(Pooling))}")


def pooled_flops(how: Pooling, n_steps: int, width: int) -> int:
    """Counts the operations of a mean over the steps: a sum, and one product each."""
    return n_steps * width if how == "mean" else 0

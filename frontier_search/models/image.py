"""An image as a model's input: n inputs are a square image of one channel, row of pixels by row."""

from __future__ import annotations

import math

from frontier_search.errors import SpecError


def side(n_inputs: int) -> int:
    """Returns the pixels of an edge, s = sqrt(n).

    Raises:
        SpecError: n is no square.
    """
    found = math.isqrt(n_inputs)
    if found < 1 or found**2 != n_inputs:
        raise SpecError(
            f"{n_inputs} inputs are no square image; "
            "a family of images needs 64 for 8 x 8, 784 for 28 x 28"
        )
    return found

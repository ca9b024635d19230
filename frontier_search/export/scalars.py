"""The learned scalars of one model, taken tensor by tensor."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError


class Scalars:
    """A flat block of P learned scalars that an emitter takes apart.

    Args:
        flat: (P,) float32; or None for a model that is only costed, whose scalars are all zero.
    """

    def __init__(self, flat: NDArray[np.float32] | None = None) -> None:
        self._flat, self._taken = flat, 0

    def take(self, *shape: int) -> NDArray[np.float32]:
        """Returns the next tensor.

        Raises:
            SpecError: fewer scalars are left.
        """
        length = math.prod(shape)
        start, self._taken = self._taken, self._taken + length
        if self._flat is None:
            return np.zeros(shape, np.float32)
        if self._taken > len(self._flat):
            raise SpecError(
                f"the model has {len(self._flat)} learned scalars; "
                f"its architecture needs {self._taken} or more."
            )
        return np.ascontiguousarray(self._flat[start : self._taken].reshape(shape), np.float32)

    def close(self) -> None:
        """Raises SpecError unless every scalar was taken."""
        if self._flat is not None and self._taken != len(self._flat):
            raise SpecError(
                f"the model has {len(self._flat)} learned scalars; "
                f"its architecture needs {self._taken}."
            )

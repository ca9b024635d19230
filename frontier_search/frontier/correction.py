"""Holm's correction: many parts of a table of claims are judged, and none should be wrong.

The smallest of m p-values is multiplied by m, the next one by m - 1, and so on; a corrected value
is never below that of a smaller p-value. Whatever the dependence between the parts, the chance that
any part of the table gets a wrong verdict is then at most 1 - level. So "does not hold" of a claim,
which one of its parts is enough for, needs no further correction.

Source: S. Holm, "A simple sequentially rejective multiple test procedure" (1979).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """Returns the corrected p-values, (m,), at most 1; nan stays nan and does not count.

    Args:
        p: (m,) p-values of single parts.
    """
    given = np.asarray(p, dtype=np.float64)
    order = np.argsort(given, kind="stable")  # nan comes last
    m = int(np.isfinite(given).sum())
    factors = m - np.arange(len(given))
    corrected = np.full(len(given), np.nan)
    corrected[order[:m]] = np.minimum(1, np.maximum.accumulate((given[order] * factors)[:m]))
    return corrected

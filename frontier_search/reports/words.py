"""Numbers, intervals and shares as words of a report."""

from __future__ import annotations

import math

from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import Interval
from frontier_search.frontier.ownership import Share


def number(value: float) -> str:
    """Returns four significant digits; empty for nan."""
    return "" if math.isnan(value) else f"{value:.4g}"


def interval(interval: Interval) -> str:
    """Returns ``[low, high]``; empty if the interval is not known."""
    return f"[{interval.low:.4g}, {interval.high:.4g}]" if interval.known else ""


def share(share: Share, empty: str = "empty") -> str:
    """Returns ``0.93 [0.88, 1.00]``, or the word for a range in which nothing is owned."""
    if math.isnan(share.value):
        return empty
    return f"{share.value:.2f} [{share.interval.low:.2f}, {share.interval.high:.2f}]"


def spread(spread: Spread, decimals: int | None = None) -> str:
    """Returns a mean and its sample standard deviation, ``0.1622 ± 0.013``.

    It is empty without a value, and only the mean for one value.

    Args:
        decimals: of both, so that the numbers of a column are aligned; None gives significant
            digits, four and two.
    """
    if spread.n == 0:
        return ""
    mean, std = (".4g", ".2g") if decimals is None else (f".{decimals}f", f".{decimals}f")
    return f"{spread.mean:{mean}}" + ("" if math.isnan(spread.std) else f" ± {spread.std:{std}}")

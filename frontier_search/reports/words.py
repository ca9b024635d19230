"""Numbers, intervals and shares as words of a report."""

from __future__ import annotations

import math

from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import Interval
from frontier_search.frontier.ownership import Share


def number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4g}"


def interval(interval: Interval) -> str:
    return f"[{interval.low:.4g}, {interval.high:.4g}]" if interval.known else ""


def share(share: Share) -> str:
    return (
        f"{share.value:.2f} [{share.interval.low:.2f}, {share.interval.high:.2f}]"
        if not math.isnan(share.value)
        else "empty"
    )


def spread(spread: Spread) -> str:
    return f"{spread.mean:.4g}" + ("" if math.isnan(spread.std) else f" ± {spread.std:.2g}")

"""Numbers, intervals and shares as words of a report."""

from __future__ import annotations

import math

from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import Interval
from frontier_search.frontier.ownership import Share
from frontier_search.frontier.verdict import Verdict
from frontier_search.trial import Trial

# a verdict is told apart by its sign too, in black and white and by the colour-blind
MARKS = {Verdict.HOLDS: "●", Verdict.FAILS: "✕", Verdict.OPEN: "○", Verdict.SILENT: "◇"}
ROUNDING = 1e-12  # of a mean; a smaller standard deviation is only the rounding of float64
CHANCE = (
    "A chance predicts the frontier of as many fresh seeds, drawn as those of this dataset were, "
    "and says nothing of other data; in simulations, chances of 0.8 to 0.95 came true in 0.76 to "
    "0.89 of all cases."
)
MORE_SEEDS = (
    "A number of further seeds would settle a part with a chance of 80 % if the share of seeds "
    "that agree here were the true one; that share is a middle guess from few seeds, so the number "
    "may be far off."
)


def verdict(verdict: Verdict) -> str:
    """Returns a verdict with its sign."""
    return f"{MARKS[verdict]} {verdict}"


def number(value: float) -> str:
    """Returns four significant digits; empty for nan."""
    return "" if math.isnan(value) else f"{value:.4g}"


def interval(interval: Interval) -> str:
    """Returns ``[low, high]``; empty if the interval is not known."""
    return f"[{interval.low:.4g}, {interval.high:.4g}]" if interval.known else ""


def share(share: Share, empty: str = "empty") -> str:
    """Returns the typical seed's share, ``0.93 [0.88, 1.00]``.

    It has no interval where the seeds are too few. A range in which nothing is owned gets a word.
    """
    if math.isnan(share.typical):
        return empty
    found = share.interval
    return f"{share.typical:.2f}" + (f" [{found.low:.2f}, {found.high:.2f}]" if found.known else "")


def fraction(value: float) -> str:
    """Returns two decimals; empty for nan."""
    return "" if math.isnan(value) else f"{value:.2f}"


def p_value(p: float) -> str:
    """Returns two significant digits, ``< 0.0001`` for less; empty for nan."""
    if math.isnan(p):
        return ""
    return "< 0.0001" if p < 1e-4 else f"{p:.2g}"


def spread(spread: Spread, aligned: bool = False) -> str:
    """Returns a mean and its sample standard deviation, ``0.1622 ± 0.013``.

    It is empty without a value, and only the mean for one value.

    Args:
        aligned: whether the numbers of a column have four decimals, but for those that have too
            few digits then: ``1.234e-05 ± 2.1e-06``. Otherwise they have four and two digits.
    """
    if spread.n == 0:
        return ""
    # the seeds of a constant prediction differ by rounding: 2.3026 ± 2.2e-16
    known = 0.0 if spread.std < ROUNDING * abs(spread.mean) else spread.std
    if aligned:
        mean, std = _decimals(spread.mean, 1e-3, ".3e"), _decimals(known, 1e-4, ".1e")
    else:
        mean, std = f"{spread.mean:.4g}", f"{known:.2g}"
    return mean + ("" if math.isnan(spread.std) else f" ± {std}")


def _decimals(value: float, least: float, form: str) -> str:
    """Returns a number with four decimals; in a form if it is smaller than ``least``, and not 0."""
    return f"{value:{form}}" if 0 < abs(value) < least else f"{value:.4f}"


def model(trial: Trial) -> str:
    """Returns what a trial trained, in as few words as a picture has room for: ``dense 16``.

    That is the family and its hidden units; without hidden units, the family and the trial.
    """
    family, hidden = trial.candidate.family, trial.candidate.hyperparameters.get("hidden")
    name = family.removesuffix(":FAMILY")
    return f"{name} {hidden}" if hidden is not None else f"{name} ({trial.number})"

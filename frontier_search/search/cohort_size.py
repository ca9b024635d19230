"""How many trials are proposed together: few at first, so that a search soon learns from outcomes.

A search of cohorts of 16 with 3 in flight would propose 48 trials before it knows an outcome. Small
first cohorts bring the first outcomes after a few trials. They keep the workers less busy, so only
the first trials come in them, and only those of a sampler that learns from few outcomes.
"""

from __future__ import annotations

SMALLER = 4  # the factor by which the first cohorts are smaller
LEAST = 2  # trials of a small cohort, or of each if they have only one
FIRST_TRIALS = 48  # that come in small cohorts


def cohort_size(index: int, cohort: int, begins_small: bool) -> int:
    """Returns how many trials the cohort of an index has, while the trial budget has room.

    Args:
        index: of the cohort, from 0.
        cohort: the number of trials of the later ones.
        begins_small: whether the first ones are small.
    """
    return _small(cohort) if begins_small and index < small_cohorts(cohort) else cohort


def small_cohorts(cohort: int) -> int:
    """Returns how many cohorts are small, where the first ones are."""
    return -(-FIRST_TRIALS // _small(cohort))


def _small(cohort: int) -> int:
    return max(min(cohort, LEAST), cohort // SMALLER)

"""Seeds, and the streams of random numbers that each of them feeds."""

from __future__ import annotations

MAX_SEEDS = 1000
MAX_SEED = 2**32 - 1  # scikit-learn's generators take no larger seed


def seeds_from_count(count: int) -> tuple[int, ...]:
    """Returns the first ``count`` of 101, 202, 303, ...: the seeds of the published study."""
    return tuple(101 * (i + 1) for i in range(count))


# A number for each stream of random numbers that a seed feeds, so that the streams never overlap.
GRAPH_STREAM, WEIGHT_STREAM, ORDER_STREAM, INPUT_STREAM, NOISE_STREAM = 1, 2, 3, 4, 5

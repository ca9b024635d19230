"""Measures whether the statistics keep what they promise, beside the methods that they replaced.

    python benchmarks/coverage.py

Everything is simulated: values of seeds from four distributions, with 5, 10 or 20 seeds, and 2,000
draws a cell. It prints the tables of docs/statistics.md. Methods of earlier versions stand in
``former.py``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import former
import numpy as np
from numpy.typing import NDArray
from worlds import DISTRIBUTIONS, LOSSES, SEEDS, centre, frontier_shares, noise

from frontier_search.frontier.correction import holm
from frontier_search.frontier.judge import UNLIKELY
from frontier_search.frontier.membership import _below_all_smaller, chances
from frontier_search.frontier.settling import MAX_ROUNDS
from frontier_search.frontier.signs import chance_of_agreement, critical_count, seeds_for_power

Values = NDArray[np.float64]
Bounds = tuple[Values, Values]  # (D,) each, nan where there is no interval
DRAWS = 2000
PARTS, TABLE = 4, 29  # of one claim; of the published table of claims
LEVEL, ROUND_LEVEL = 0.95, 1 - 0.05 / MAX_ROUNDS
EDGES = (0.0, 0.05, 0.2, 0.5, 0.8, 0.95, 1.01)


def typical(values: Values, level: float = LEVEL) -> Bounds:
    """Returns ``signs.typical`` of many samples at once, (D, n)."""
    n = values.shape[1]
    needed = critical_count(n, level)
    if needed > n:
        nothing = np.full(len(values), np.nan)
        return nothing, nothing
    ordered = np.sort(values, axis=1)
    return ordered[:, n - needed], ordered[:, needed - 1]


def outside(bounds: Bounds, value: float) -> NDArray[np.bool_]:
    """Returns whether each interval excludes a value; one that is not known excludes none."""
    return (bounds[0] > value) | (bounds[1] < value)


def p_values(values: Values) -> Values:
    """Returns the two-sided p-value of the sign test against 0, for samples (..., n)."""
    n = values.shape[-1]
    table = np.array([min(1.0, 2 * chance_of_agreement(k, n)) for k in range(n + 1)])
    below = (values < 0).sum(axis=-1)
    return np.asarray(table[np.maximum(below, n - below)])


def cells(measure: Callable[[str, int], Sequence[float]]) -> list[list[str]]:
    """Returns a row for each distribution and number of seeds."""
    return [
        [distribution, str(n), *(_cell(value) for value in measure(distribution, n))]
        for distribution in DISTRIBUTIONS
        for n in SEEDS
    ]


def _cell(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.3f}"


def intervals(distribution: str, n: int) -> list[float]:
    """How often an interval misses the population value that it speaks of."""
    values = noise(np.random.default_rng(n), distribution, (DRAWS, n))
    missed = []
    for method, kind in (
        (former.student, "mean"),
        (former.signed_rank, "pseudomedian"),
        (typical, "median"),
    ):
        bounds = method(values)
        known = not np.isnan(bounds[0]).all()
        truth = centre(distribution, kind)
        missed.append(float(outside(bounds, truth).mean()) if known else np.nan)
    return missed


def power(distribution: str, n: int) -> list[float]:
    """How often a shift by one standard deviation of the normal part is found."""
    values = noise(np.random.default_rng(n), distribution, (DRAWS, n)) + 1.0
    return [
        float((method(values)[0] > centre(distribution, kind)).mean())
        for method, kind in (
            (former.student, "mean"),
            (former.signed_rank, "pseudomedian"),
            (typical, "median"),
        )
    ]


def two_rivals(distribution: str, n: int) -> list[float]:
    """How often one of two equal rivals is called the owner: one candidate each."""
    rng = np.random.default_rng(n)
    values = noise(rng, distribution, (DRAWS, n))
    by_mean, by_median = (values - centre(distribution, kind) for kind in ("mean", "median"))
    called = [
        former.bootstrap_winner(by_mean),
        former.predictive_winner(by_mean),
        outside(typical(by_median), 0.0),
    ]
    return [float(each.mean()) for each in called]


def two_families(distribution: str, n: int) -> list[float]:
    """The same with two equal families of three candidates each, on a frontier of three sizes."""
    rng = np.random.default_rng(n)
    losses = 0.1 * noise(rng, distribution, (DRAWS, n, 2, 3)) + LOSSES[:3]
    weights = rng.multinomial(n, np.full(n, 1 / n), size=500) / n
    old = []
    for draw in losses:
        shares = frontier_shares(np.einsum("bs,sfk->bfk", weights, draw))
        low, high = np.quantile(shares, [0.025, 0.975])
        old.append(low > 0.5 or high <= 0.5)
    return [float(np.mean(old)), float(outside(typical(frontier_shares(losses)), 0.5).mean())]


def settled_owner(distribution: str) -> list[float]:
    """How often one of two equal rivals is called the owner in one of the rounds of more seeds.

    In the last two columns the rivals are two equal families of six. A round gives more seeds only
    to the candidates that were on the frontier of one of the seeds, which is not what is done, or
    to those with a chance to be on that of a fresh seed, which is.
    """
    rng = np.random.default_rng(0)
    rounds = [5 * 2**i for i in range(MAX_ROUNDS)]
    values = noise(rng, distribution, (DRAWS, rounds[-1]))
    by_mean, by_median = (values - centre(distribution, kind) for kind in ("mean", "median"))
    shape = (DRAWS, rounds[-1], 2, len(LOSSES))
    losses = LOSSES + 0.1 * noise(rng, distribution, shape)
    wrong = np.zeros((4, DRAWS), dtype=np.bool_)
    ever, likely = losses, losses.copy()
    for n in rounds:
        wrong[0] |= former.bootstrap_winner(by_mean[:, :n], ROUND_LEVEL)
        wrong[1] |= outside(typical(by_median[:, :n], ROUND_LEVEL), 0.0)
        wrong[2] |= outside(typical(frontier_shares(ever[:, :n]), ROUND_LEVEL), 0.5)
        wrong[3] |= outside(typical(frontier_shares(likely[:, :n]), ROUND_LEVEL), 0.5)
        members = frontier_shares(ever[:, :n], members=True).any(axis=1, keepdims=True)
        ever = np.where(members, ever, np.inf)
        for draw in likely:
            draw[:, ~_likely(draw[:n])] = np.inf
    return [float(each.mean()) for each in wrong]


def _likely(losses: Values) -> NDArray[np.bool_]:
    """Returns which candidates ``judge.narrow`` would give more seeds, (2, K).

    Args:
        losses: (n, 2, K); infinite for candidates that were left out before.
    """
    kept = np.isfinite(losses[0])
    found = losses[:, kept].T
    sizes = np.broadcast_to(np.arange(1.0, losses.shape[-1] + 1), kept.shape)[kept]
    points = np.stack([found, np.repeat(sizes[:, None], len(losses), axis=1)], axis=-1)
    members = frontier_shares(losses, members=True).any(axis=0)
    kept[kept] = (chances(points, fresh=1) > UNLIKELY) | members[kept]
    return kept


def many_parts(distribution: str, n: int) -> list[float]:
    """How often a claim whose parts are just true does not hold, and how often a table is wrong."""
    values = noise(np.random.default_rng(n), distribution, (DRAWS, TABLE, n))
    old_values = values - centre(distribution, "mean")
    low, _ = former.student(old_values.reshape(-1, n))
    old_fails = (low > 0).reshape(DRAWS, TABLE)
    old_wrong = outside(former.student(old_values.reshape(-1, n)), 0.0).reshape(DRAWS, TABLE)
    new_values = values - centre(distribution, "median")
    p = p_values(new_values)
    above = (new_values > 0).sum(axis=-1) > n / 2
    claim = np.array([holm(row) for row in p[:, :PARTS]]) <= 1 - LEVEL
    table = np.array([holm(row) for row in p]) <= 1 - LEVEL
    return [
        float(old_fails[:, :PARTS].any(axis=1).mean()),
        float((claim & above[:, :PARTS]).any(axis=1).mean()),
        float(old_wrong.any(axis=1).mean()),
        float(table.any(axis=1).mean()),
    ]


def more_seeds(share: float, n: int) -> list[float]:
    """How often the suggested seeds settle a part that n seeds left open.

    Args:
        share: of all seeds that agree. Values are normal.
    """
    rng = np.random.default_rng(n)
    from scipy.special import ndtri

    settled: dict[str, list[bool]] = {"old": [], "new": []}
    for _ in range(DRAWS):
        values = rng.standard_normal(n) + ndtri(share)
        suggested = former.seeds_to_exclude(values.mean(), values.std(ddof=1))
        if not outside(former.student(values[None]), 0.0)[0] and suggested:
            more = np.append(values, rng.standard_normal(max(1, suggested - n)) + ndtri(share))
            settled["old"].append(bool(outside(former.student(more[None]), 0.0)[0]))
        agreeing = max((values > 0).sum(), (values < 0).sum())
        needed = seeds_for_power((int(agreeing) + 0.5) / (n + 1)) if 2 * agreeing > n else None
        if p_values(values) > 1 - LEVEL and needed:
            more = np.append(values, rng.standard_normal(max(1, needed - n)) + ndtri(share))
            settled["new"].append(bool(p_values(more) <= 1 - LEVEL))
    return [float(np.mean(each)) for each in settled.values()]


def membership(distribution: str, n: int) -> list[tuple[float, float, float, float]]:
    """What was said and what was found on fresh seeds, (old said, found, new said, found) a bin.

    400 searches of 40 candidates whose losses differ, beyond the trend over their sizes, by 0.15,
    0.5, 1.5 or 5 standard deviations of the noise.
    """
    rng = np.random.default_rng(n)
    old, new, member = [], [], []
    for i in range(DRAWS // 5):
        sizes = np.round(10 ** rng.uniform(1, 3, 40))
        spread = (0.15, 0.5, 1.5, 5.0)[i % 4]
        true = 15 / np.sqrt(sizes) + spread * np.abs(rng.standard_normal(40))
        seeds = true[:, None] + noise(rng, distribution, (2, 40, n))
        points = np.stack([seeds[0], np.repeat(sizes[:, None], n, axis=1)], axis=-1)
        weights = rng.multinomial(n, np.full(n, 1 / n), size=DRAWS) / n
        old.append(_below_all_smaller(weights @ seeds[0].T, sizes).mean(axis=0))
        new.append(chances(points))
        member.append(_below_all_smaller(seeds[1].mean(axis=1)[None], sizes)[0])
    found = np.concatenate(member)
    rows = []
    for low, high in pairwise(EDGES):
        row: list[float] = []
        for said in (np.concatenate(old), np.concatenate(new)):
            inside = (said >= low) & (said < high)
            few = inside.sum() < 20
            row += [np.nan, np.nan] if few else [said[inside].mean(), found[inside].mean()]
        rows.append((row[0], row[1], row[2], row[3]))
    return rows


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    print(f"\n### {title}\n")
    print(f"| {' | '.join(columns)} |")
    print(f"|{'---|' * 1}{'---:|' * (len(columns) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    start = time.perf_counter()
    by = ("values of seeds", "seeds")
    methods = ("Student, of the mean", "signed ranks, of the pseudomedian", "signs, of the median")
    table("Intervals at 95 %: how often they miss", (*by, *methods), cells(intervals))
    table("Power: a shift by one standard deviation is found", (*by, *methods), cells(power))
    winners = ("old: bootstrap of the mean", "Student's t draws of the mean", "new: signs")
    table("Shares: one of two equal rivals is called the owner", (*by, *winners), cells(two_rivals))
    families = ("old: bootstrap of the mean", "new: signs")
    table("The same, two families of three", (*by, *families), cells(two_families))
    rounds = ("old", "new", "members of any seed again", "new: likely members again")
    rows = [[each, *map(_cell, settled_owner(each))] for each in DISTRIBUTIONS]
    table("--until-settled: the same in any of four rounds", (by[0], *rounds), rows)
    parts = ("claim, old", "claim, new", "table, old", "table, new")
    table("A claim of 4, a table of 29 parts, all at the limit", (*by, *parts), cells(many_parts))
    rows = [
        [f"{share:.0%}", str(n), *map(_cell, more_seeds(share, n))]
        for share in (0.65, 0.75, 0.85)
        for n in SEEDS
    ]
    table("The suggested seeds settle the part", ("seeds that agree", "seeds", "old", "new"), rows)
    bins = [f"{low:.2f} to {min(high, 1):.2f}" for low, high in pairwise(EDGES)]
    chance: list[list[str]] = []
    for distribution in DISTRIBUTIONS:
        for n in SEEDS:
            said = membership(distribution, n)
            for i, way in enumerate(("old", "new")):
                pairs: Mapping[int, tuple[float, float]] = {
                    k: (row[2 * i], row[2 * i + 1]) for k, row in enumerate(said)
                }
                shown = ["" if np.isnan(a) else f"{a:.2f}: {b:.2f}" for a, b in pairs.values()]
                chance.append([distribution, str(n), way, *shown])
    table("Chance on the frontier, said: found on fresh seeds", (*by, "", *bins), chance)
    print(f"\n{DRAWS:,} draws a cell, {time.perf_counter() - start:.0f} s.")


if __name__ == "__main__":
    main()

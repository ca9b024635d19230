"""Replays one search over a table of real trainings: its cohorts, its sampler and its races."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from replayed_tables import Table

from frontier_search.frontier.races import WIDER
from frontier_search.race import Race
from frontier_search.sampling.earlier import Earlier
from frontier_search.sampling.proposer import open_proposer
from frontier_search.sampling.samplers import KNOWN_SIZE
from frontier_search.search.cohort_size import cohort_size


@dataclass(frozen=True)
class Replay:
    """One search over a table.

    Attributes:
        order: positions of the trials in the table, by number.
        epochs: of each trial, the share of the epochs that it was trained.
        audits: trials that would have been stopped and were trained on, and members among them.
        cpu_s: processor seconds of all proposals.
    """

    order: list[int]
    epochs: list[float]
    audits: tuple[int, int]
    cpu_s: float

    @property
    def complete(self) -> list[int]:
        return [i for i, share in zip(self.order, self.epochs, strict=True) if share == 1]


def cohorts(shape: str, sampler: str) -> tuple[Callable[[int], int], int]:
    """Reads a shape, and returns the size of each cohort, and how many are in flight.

    Args:
        shape: such as ``16x3``, or ``16x3,plain`` without small first cohorts.
        sampler: of which known_size begins with small cohorts.
    """
    text, _, plain = shape.partition(",")
    size, in_flight = map(int, text.split("x"))
    begins_small = sampler == KNOWN_SIZE and not plain
    return lambda index: cohort_size(index, size, begins_small), in_flight


def replay(
    table: Table,
    sampler: str,
    balanced: bool,
    cohort: Callable[[int], int],
    in_flight: int,
    trials: int,
    seed: int,
    margin: float | None = None,
    earlier: Sequence[Earlier] = (),
) -> Replay:
    """Replays one search.

    Args:
        cohort: the size of each cohort, by its index.
        margin: of the races, or None.
    """
    proposer = open_proposer(
        table.spaces,
        sampler,
        balanced,
        seed,
        2,
        lambda candidate: True,
        measured=0,
        known=lambda candidate: (10 ** table.points[table.position(candidate), 0],),
        earlier=earlier,
        cost=lambda candidate: 1.0 if balanced else table.cost(candidate),
    )
    order: list[int] = []
    shares: list[float] = []
    audited: list[int] = []
    seen, cpu_s = 0, 0.0
    ends_of: list[int] = []  # the number of trials up to the end of each cohort
    while len(order) < trials:
        index, start = len(ends_of), len(order)
        ends_of.append(min(start + cohort(index), trials))
        while index >= in_flight and seen < ends_of[index - in_flight]:
            size, loss = 10 ** table.points[order[seen]]
            if shares[seen] < 1:
                loss = 10 ** table.at(order[seen], shares[seen])
            proposer.observe(seen, [float(loss), float(size)], stopped=shares[seen] < 1)
            seen += 1
        begin = time.process_time()
        proposals = [proposer.propose(n) for n in range(start, ends_of[index])]
        cpu_s += time.process_time() - begin
        cohort_order = [table.position(proposal.candidate) for proposal in proposals]
        ends, drawn = [1.0] * len(cohort_order), None
        if margin is not None:
            told = list(zip(order[:seen], shares[:seen], strict=True))
            draw = float(np.random.default_rng([seed, index]).random())
            ended = [i for i, share in told if share == 1]
            wrong = sum(table.is_member(i, ended, balanced) for i in audited if i in ended)
            wide = margin * WIDER**wrong
            ends, drawn = raced(table, cohort_order, told, balanced, wide, draw)
        audited += [cohort_order[drawn]] if drawn is not None else []
        order, shares = order + cohort_order, shares + ends
    complete = [i for i, share in zip(order, shares, strict=True) if share == 1]
    members = [i for i in audited if table.is_member(i, complete, balanced)]
    return Replay(order, shares, (len(audited), len(members)), cpu_s)


def warmed(table: Table, seed: int, backwards: bool) -> Earlier:
    """Returns the outcomes of 100 trials of known_size on another table, for a warm start.

    Args:
        backwards: whether good and bad are exchanged, so that it misleads.
    """
    order = replay(table, KNOWN_SIZE, False, *cohorts("8x2", KNOWN_SIZE), 100, 1000 + seed).order
    losses = 10 ** (table.points[order, 1] * (-1 if backwards else 1))
    return Earlier([table.candidates[i] for i in order], losses.tolist(), by_rank=True)


def raced(
    table: Table,
    cohort: Sequence[int],
    told: Sequence[tuple[int, float]],
    balanced: bool,
    margin: float,
    draw: float,
) -> tuple[list[float], int | None]:
    """Returns the share of the epochs that each trial of a cohort is trained, and the audited one.

    Args:
        told: the position and the share of each recorded trial.
    """
    leagues = [table.candidates[i].family if balanced else "" for i in cohort]
    known = tuple((float(table.points[i, 0]),) for i in cohort)
    fronts: dict[int, dict[str, list[tuple[float, ...]]]] = {}
    for share in (8, 4, 2):
        fronts[share] = {}
        for i, trained_share in told:
            if trained_share >= 1 / share:
                league = table.candidates[i].family if balanced else ""
                point = (float(table.points[i, 0]), table.at(i, 1 / share))
                fronts[share].setdefault(league, []).append(point)
    held = {s: {name: tuple(p) for name, p in each.items()} for s, each in fronts.items()}
    race = Race(margin, held, tuple(leagues), known, draw, best=True)
    ends, audited = [1.0] * len(cohort), None
    for share in (8, 4, 2):
        losses = {
            k: table.at(i, 1 / share) for k, i in enumerate(cohort) if ends[k] == 1 or k == audited
        }
        behind = [k for k in race.behind(share, losses) if k != audited]
        if behind and audited is None:
            audited = race.audited(behind)
            behind.remove(audited)
        for k in behind:
            ends[k] = 1 / share
    return ends, audited

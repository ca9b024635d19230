"""Checkpoints and counts of crashes, on a disk and in a bucket."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontier_search.files import (
    write_arrays,
    write_whole,
)
from frontier_search.storage.search_files import SearchFiles
from frontier_search.training import crashes
from frontier_search.training.checkpoints import Checkpoints
from tests.support.exchange import content_of


@given(st.lists(st.tuples(st.sampled_from(["0", "1", "0-3"]), st.booleans()), max_size=40))
def test_deaths_and_lost_machines_are_counted_by_stack(events: list[tuple[str, bool]]) -> None:
    """In every order, the ninth lost machine and later ones count as deaths of their own stack."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seen: Counter[tuple[str, bool]] = Counter()
        for stack, machine_lost in events:
            seen[stack, machine_lost] += 1
            crashes.begin(folder, stack)
            blamed = not machine_lost or seen[stack, True] > crashes.LOST_MACHINES_ALLOWED
            assert crashes.count_death(folder, machine_lost) == crashes.Death(stack, blamed)
        stacks = {stack for stack, _ in events}
        beyond = {
            stack: max(0, seen[stack, True] - crashes.LOST_MACHINES_ALLOWED) for stack in stacks
        }
        lost = {stack: seen[stack, True] - beyond[stack] for stack in stacks}
        died = {stack: seen[stack, False] + beyond[stack] for stack in stacks}
        assert crashes.lost_machines(folder) == {
            stack: count for stack, count in lost.items() if count
        }
        assert crashes.deaths(folder) == {stack: count for stack, count in died.items() if count}


def test_deaths_are_read_by_the_next_worker_and_lost_machines_are_not(files: SearchFiles) -> None:
    folder = files.outcomes.checkpoints(3)
    for machine_lost in (False, True, False, True):
        crashes.begin(folder, "0")
        crashes.count_death(folder, machine_lost)
    assert Checkpoints(folder).deaths("0") == 2
    assert crashes.lost_machines(folder) == {"0": 2}
    for name in ("deaths.json", "machines.json"):
        write_whole(folder / name, b"{")
    assert Checkpoints(folder).deaths("0") == 0
    assert crashes.lost_machines(folder) == {}


@pytest.mark.parametrize("machine_lost", [False, True])
def test_a_worker_that_dies_before_it_begins_does_not_count_against_the_last_stack(
    files: SearchFiles, machine_lost: bool
) -> None:
    folder = files.outcomes.checkpoints(3)
    assert crashes.count_death(folder, machine_lost).stack is None
    crashes.begin(folder, "0")
    assert crashes.count_death(folder).stack == "0"
    assert crashes.count_death(folder, machine_lost).stack is None
    assert crashes.deaths(folder) == {"0": 1}
    assert crashes.lost_machines(folder) == {}


def test_a_stack_resumes_from_the_checkpoint_of_an_earlier_worker(files: SearchFiles) -> None:
    folder = files.outcomes.checkpoints(3)
    state = {"epoch": np.asarray(3), "weights": np.ones(4)}
    assert Checkpoints(folder).begin("0") is None
    write_arrays(folder / "0.npz", state)
    write_arrays(folder / "1.npz", {})
    write_whole(folder / "1.npz", b"cut")
    again = Checkpoints(folder)
    found = again.begin("0")
    assert found is not None
    assert all(np.array_equal(found[key], state[key]) for key in state)
    assert again.begin("1") is None
    assert content_of(folder / "training") == b"0\n1"
    again.end("0")
    assert again.begin("2") is None
    assert content_of(folder / "training") == b"1\n2"

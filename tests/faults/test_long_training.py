"""A training that is killed continues from its last checkpoint, in the stack that it was in.

Finished stacks are not trained again.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.faults import comparing
from tests.faults.searched import Searched, twin
from tests.support import processes

EVERY_S = 0.3
EPOCHS = 600
SPEC = {
    "trials": 3,
    "cohort": 3,
    "sampler": "random",  # all three in one cohort: known_size begins with smaller ones
    "families": {"dense": {"hidden": {"choice": [4, 8, 16, 32, 64]}}},
    "epochs": EPOCHS,
}
EAGER = f"""
import os, sys
from frontier_search.training import checkpoints, train
# seconds between two checkpoints: the usual ten take too long for a test
checkpoints.Checkpoints.__init__.__defaults__ = ({EVERY_S},)
inner = train.StackTraining.run
def counted(self, between_epochs, last):
    def write(training):
        with open("epochs", "a") as file:
            file.write(f"{{os.getpid()}} {{training.stack.n_learned}} {{training.epoch}}\\n")
        between_epochs(training)
    inner(self, write, last)
train.StackTraining.run = counted
from frontier_search.cli.main import main
main()
"""


@pytest.mark.usefixtures("torch_trains")
def test_a_killed_training_continues_from_its_last_checkpoint(home: Path) -> None:
    searched = Searched(home / "killed", "inline", mirror=False, **SPEC)
    checkpoints = searched.folder / "outcomes" / "00000" / "checkpoints"
    process = searched.start(EAGER)
    processes.until(
        lambda: len(list(checkpoints.glob("*.npz"))) >= 2,
        60,
        "a checkpoint of the second stack",
        every_s=0.005,
    )
    processes.end(process)
    first = _epochs(home / "killed" / "epochs")
    (home / "killed" / "epochs").unlink()
    assert searched.start(EAGER).wait(120) == 0, searched.said()
    second = _epochs(home / "killed" / "epochs")
    both = first + second
    assert set(both.values()) <= {1, 2}
    shapes = {shape for shape, _ in both}
    assert set(both) == {(shape, epoch) for shape in shapes for epoch in range(1, EPOCHS + 1)}
    repeated = {key for key, times in both.items() if times == 2}
    assert len({shape for shape, _ in repeated}) <= 1  # only the stack that was in training
    assert all(key in both for key in repeated)
    assert len(repeated) < EPOCHS  # and not from its start

    assert [repr(comparing.plain(trial)) for trial in searched.trials()] == [
        repr(comparing.plain(trial)) for trial in twin(**SPEC)
    ]


def _epochs(path: Path) -> Counter[tuple[int, int]]:
    """Returns (learned scalars of the stack, epoch) -> how often it was trained."""
    lines = path.read_text().splitlines()
    return Counter(
        (int(line.split()[1]), int(line.split()[2])) for line in lines if len(line.split()) == 3
    )

"""A search on Ray nodes of this machine that are lost while they train the same stack.

The stack is not blamed for lost nodes.
"""

from __future__ import annotations

import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.cluster_utils import Cluster

from frontier_search import runner
from frontier_search.executors import Where
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.training import crashes
from tests.faults.comparing import plain, stuck
from tests.support import processes
from tests.support.processes import ENVIRONMENT

SPEC = {
    "name": "machines-1",
    "dataset": "iris",
    "families": {"dense": {"hidden": 8}},
    "trials": 3,
    "cohort": 3,
    "in_flight": 1,
    "seeds": 3,
    "epochs": 3000,
}
MEMORY = 80_000_000  # bytes of each object store
WORKER = "ray::ResourceTrainable"
RAYLET_DELAY_S = 0.5  # the worker ends first, so Ray reports that only the worker died


def raylet(node: Any) -> int:
    """Returns the process id of a node's raylet."""
    return int(node.all_processes["raylet"][0].process.pid)


def workers(node: Any) -> list[int]:
    """Returns the process ids of the workers that train on a node."""
    return [
        pid
        for pid in processes.descendants(raylet(node))
        if processes.words(pid).startswith(WORKER)
    ]


def vanishes(node: Any) -> None:
    """Kills all processes at once. The GCS takes the node for alive for some more seconds."""
    processes.kill([raylet(node), *workers(node)])


def is_reclaimed(node: Any) -> None:
    """Ends the node after a warning, to which Tune would react by itself."""
    preempted = 2  # DRAIN_NODE_REASON_PREEMPTION
    gcs = ray._raylet.GcsClient(address=node.gcs_address)
    assert gcs.drain_node(node.node_id, preempted, "reclaimed", int(time.time() * 1e3) + 1000)[0]
    processes.kill([raylet(node)], signal.SIGTERM)


def is_shut_down(node: Any) -> None:
    """Ends the processes as a system does that shuts down, the workers first."""
    processes.kill(workers(node), signal.SIGTERM)
    time.sleep(RAYLET_DELAY_S)
    processes.kill([raylet(node)], signal.SIGTERM)


def loses_its_worker(node: Any) -> None:
    """Kills only the worker. The stack may be at fault."""
    processes.kill(workers(node))


# (stack in training, lost machines by stack, deaths by stack)
Counts = tuple[str, dict[str, int], dict[str, int]]
LOSSES = (vanishes, is_reclaimed, is_shut_down, loses_its_worker)


def lose_nodes(nodes: Sequence[Any], checkpoints: Path, counted: list[Counts]) -> None:
    """Loses a node whenever a worker trains, and notes what was counted after each loss."""
    training = checkpoints / "training"
    for lose in LOSSES:
        processes.until(training.exists, 60, "training")
        stack = training.read_text()
        lose(next(node for node in nodes if workers(node)))
        processes.until(lambda: not training.exists(), 60, "the loss is counted")
        counted.append((stack, crashes.lost_machines(checkpoints), crashes.deaths(checkpoints)))


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
def test_a_stack_that_loses_three_machines_in_a_row_is_trained_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    search = Search.from_spec(SPEC)
    runner.run(search, tmp_path / "twin", "inline")
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    entry = catalog.define(search, tmp_path / "home")
    checkpoints = entry.files.outcomes.checkpoints(0)
    counted: list[Counts] = []
    with tempfile.TemporaryDirectory(prefix="n-", ignore_cleanup_errors=True) as folder:
        head = {
            "num_cpus": 0,
            "object_store_memory": MEMORY,
            "include_dashboard": False,
            "temp_dir": folder,
        }
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            nodes = [cluster.add_node(num_cpus=1, object_store_memory=MEMORY) for _ in LOSSES]

            losing = threading.Thread(
                target=lose_nodes, args=(nodes, checkpoints, counted), daemon=True
            )
            losing.start()
            runner.conduct(entry, "ray_tune", Where(address=cluster.address), ())
            losing.join(10)
        finally:
            if ray.is_initialized():
                ray.shutdown()
            cluster.shutdown()
    assert counted == [
        ("0", {"0": 1}, {}),
        ("0", {"0": 2}, {}),
        ("0", {"0": 3}, {}),
        ("0", {"0": 3}, {"0": 1}),
    ]
    assert [words for words in caplog.messages if "trained again" in words] == [
        *["the worker of cohort 0 was lost with its machine in stack 0; it is trained again"] * 3,
        "the worker of cohort 0 died in stack 0; it is trained again",
    ]
    assert stuck(entry, mirror=False) == []
    twin = catalog.read_trials(catalog.find(search.name, tmp_path / "twin"))
    assert [plain(trial) for trial in catalog.read_trials(entry)] == [
        plain(trial) for trial in twin
    ]

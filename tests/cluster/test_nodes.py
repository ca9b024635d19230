"""A search on two Ray nodes of this machine, one of which dies while it trains a cohort."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

import pytest
import ray
from ray.cluster_utils import Cluster

from frontier_search import runner
from frontier_search.executors import Where
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from tests.faults.comparing import plain, stuck
from tests.support.processes import ENVIRONMENT

SPEC = {
    "name": "nodes-1",
    "dataset": "iris",
    "families": ["dense"],
    "trials": 12,
    "cohort": 3,
    "in_flight": 2,
    "seeds": 3,
    "epochs": 300,
}
MEMORY = 80_000_000  # bytes of each object store


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)
def test_a_node_that_dies_while_training_changes_no_trial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = Search.from_spec(SPEC)
    runner.run(search, tmp_path / "twin", "inline")
    for key, value in ENVIRONMENT.items():
        monkeypatch.setenv(key, value)
    entry = catalog.define(search, tmp_path / "home")
    removed = threading.Event()
    with tempfile.TemporaryDirectory(prefix="n-", ignore_cleanup_errors=True) as folder:
        head = {
            "num_cpus": 0,
            "object_store_memory": MEMORY,
            "include_dashboard": False,
            "temp_dir": folder,
        }
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            doomed, _ = (cluster.add_node(num_cpus=1, object_store_memory=MEMORY) for _ in range(2))

            def remove() -> None:
                """Removes a node as soon as both train."""
                while len(list(entry.folder.path.glob("outcomes/*/checkpoints/training"))) < 2:
                    time.sleep(0.02)
                cluster.remove_node(doomed, allow_graceful=False)
                removed.set()

            threading.Thread(target=remove, daemon=True).start()
            runner.conduct(entry, "ray_tune", Where(address=cluster.address), ())
        finally:
            if ray.is_initialized():
                ray.shutdown()
            cluster.shutdown()
    assert removed.is_set()
    assert stuck(entry, mirror=False) == []
    twin = catalog.read_trials(catalog.find("nodes-1", tmp_path / "twin"))
    assert [plain(trial) for trial in catalog.read_trials(entry)] == [
        plain(trial) for trial in twin
    ]

"""Settings for every test: one thread a process, property tests without deadlines, and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from frontier_search import machine

machine.spare_collector()
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Where it is set, every process that a test starts would compile all of our modules again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A background job of a script ignores SIGINT, and so does every process that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("frontier-search", deadline=None)  # a slow machine is no failure
settings.load_profile("frontier-search")

pytest_plugins = ["tests.support.exchange", "tests.support.searched", "tests.support.shipped"]

HERE = Path(__file__).parent
WITH_MLFLOW = ("mirror", "reports", "frontier")
# Their tests take longest. Begun last, they would leave the other workers idle.
FIRST = ("faults", "cluster", "executors", "mirror", "contracts", "cli")
THEIR_WARNINGS = (  # of MLflow, about its own code
    r"ignore:The ``noload`` loader strategy is deprecated",  # it uses sqlalchemy 2.1 this way
    r"ignore:.*Any type hint is inferred as AnyType",  # mlflow.pyfunc, about one of its own classes
)


@pytest.fixture(autouse=True)
def _no_ray_from_another_test() -> Iterator[None]:
    """Ends the Ray of this process, which a search leaves running for the next one."""
    yield
    if process_ray := sys.modules.get("frontier_search.executors.process_ray"):
        process_ray.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    rooms = {path: path.relative_to(HERE).parts[0] for path in {item.path for item in items}}
    turns = {path: (*FIRST, room).index(room) for path, room in rooms.items()}
    items.sort(key=lambda item: turns[item.path])
    for item in items:
        if rooms[item.path] in WITH_MLFLOW:
            for warning in THEIR_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))

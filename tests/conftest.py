"""What every test shares: one thread a process, properties that are not timed, and a Ctrl-C that is heard."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A script's background job ignores SIGINT, and so would everything that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("frontier-search", deadline=None)  # a loaded machine is no failure
settings.load_profile("frontier-search")

pytest_plugins = ["tests.support.searched", "tests.support.shipped"]

HERE = Path(__file__).parent
WITH_MLFLOW = (HERE / "mirror", HERE / "reports", HERE / "frontier")
THEIR_WARNINGS = (  # raised inside the libraries, about their own use of one another
    r"ignore:The ``noload`` loader strategy is deprecated",  # mlflow's use of sqlalchemy 2.1
    r"ignore:.*Any type hint is inferred as AnyType",  # mlflow.pyfunc, of a class of its own
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(folder in item.path.parents for folder in WITH_MLFLOW):
            for warning in THEIR_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(warning))

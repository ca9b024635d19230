"""What every test shares: one thread a process, and properties that are not timed."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("frontier-search", deadline=None)  # a loaded machine is no failure
settings.load_profile("frontier-search")

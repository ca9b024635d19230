"""What every test shares: one thread a process, properties that are not timed, and a Ctrl-C that is heard."""

from __future__ import annotations

import os
import signal

from hypothesis import settings

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OMP_NUM_THREADS", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a job in the background of a script, whose children would ignore it too
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("frontier-search", deadline=None)  # a loaded machine is no failure
settings.load_profile("frontier-search")

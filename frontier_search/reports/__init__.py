"""Projections of the storage: tables, figures, and the MLflow mirror. Each can be made again at any time from the trials alone.

tables      the frontier and the trials for a terminal, as JSON and as CSV
scene       what a figure of the frontier shows; figure draws it as PNG (matplotlib) and as a page (plotly)
mirror      every trial in MLflow, through tracking; contents: what a run holds; curve: the hypervolume; charts: the view a link opens;
            models: those of the frontier; following: the process beside a live search
server      MLflow's pages on this machine

Tables and figures load neither MLflow nor torch; the mirror loads torch only to log a model.
"""

import os

# Before MLflow is imported, which reports home at import. A request that MLflow repeats by itself could create a run twice, and one that
# hangs would hold the mirror for minutes: ours are short, and the next turn looks at what is there before it tries again.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

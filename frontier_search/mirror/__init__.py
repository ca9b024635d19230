"""The MLflow mirror: every trial of a search as a run, which can be made again from the storage alone.

mirror    brings MLflow up to date with a search; client: what it asks of MLflow
payload   what a run holds; models: the members' weights; view: the charts that a link opens
process   the mirror beside a live search; follow: what it does there
server    MLflow's pages on this machine
"""

import os

# Before MLflow is imported, which reports home at import. A request that MLflow repeats by itself could create a run twice, and one that
# hangs would hold the mirror for minutes: ours are short, and the next turn looks at what is there before it tries again.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

"""The MLflow mirror: every trial of a search as a run. It can be rebuilt from the storage.

mirror     brings MLflow up to date with a search
client     the requests that the mirror makes of MLflow
           transaction writes many runs into its database at once
database   MLflow's database in a file: made whole, from a copy
artifacts  where its files are, also in a home that was moved
payload    what a run holds: tags, parameters, metrics
notes      what its pages say in words
models     logs the models of the frontier's members
           model_files on disk, model_check once logged, served takes raw rows
           arrays what numpy_model reads, which is copied into a model
           torch_files those that need torch, written_model the user's own source
view       the charts that MLflow's pages open on
process    starts the process that mirrors live searches
follow     what runs in that process
server     MLflow's pages on this machine
"""

import os

# These must be set before MLflow is imported, because it sends telemetry at import. Retries are
# off because a request that MLflow repeats by itself could create a run twice. The timeout is short
# because a request that hangs would stop the mirror for minutes. The next sync reads what MLflow
# holds before it tries again.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "10")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

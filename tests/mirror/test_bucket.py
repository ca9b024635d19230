"""A search whose outcomes are in a bucket has its pages and models there, and MLflow shows them."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from frontier_search import runner
from frontier_search.errors import SearchError
from frontier_search.mirror import server
from frontier_search.mirror.mirror import Mirror
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.locations import Locations
from tests.support import s3

THEIR_WARNINGS = pytest.mark.filterwarnings(  # of boto3 and of its server
    "ignore:datetime.datetime.utcnow", "ignore:unclosed:ResourceWarning"
)


@pytest.fixture(scope="module")
def bucket() -> Iterator[s3.Server]:
    with s3.running() as running:
        yield running


@pytest.fixture(scope="module")
def exchanged(
    bucket: s3.Server, entry: Entry, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Entry:
    """The same small search, exchanged through a bucket."""
    home = tmp_path_factory.mktemp("exchanged")
    (home / "mlflow.db").write_bytes(empty_database.read_bytes())
    runner.conduct(
        catalog.define(
            entry.search, home, Locations.of(home, outcomes=f"s3://{s3.BUCKET}/outcomes")
        ),
        "inline",
        None,
        (),
    )
    return catalog.find(entry.search.name, home)


@THEIR_WARNINGS
def test_mlflow_shows_what_is_in_the_bucket(exchanged: Entry, bucket: s3.Server) -> None:
    with server.serve(exchanged, 0) as pages:
        run_id = pages.page.partition("/runs/")[2].partition("/")[0]
        url = f"{pages.chart.partition('/#/')[0]}/get-artifact?path=frontier.html&run_uuid={run_id}"
        with urllib.request.urlopen(url, timeout=20) as response:
            assert b'"number":0,' in response.read()
    client = MlflowClient(exchanged.locations.tracking_uri)
    experiment = client.get_experiment_by_name("small")
    assert experiment.artifact_location == f"s3://{s3.BUCKET}/outcomes/small/mlflow"
    logged = client.search_logged_models([experiment.experiment_id])
    assert len(logged) == len(exchanged.files.models.numbers())
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(exchanged.locations.tracking_uri)
    try:
        predicted = mlflow.pyfunc.load_model(f"models:/{logged[0].model_id}").predict(
            np.zeros((5, 4), dtype=np.float32)
        )
    finally:
        mlflow.set_tracking_uri(before)
    assert np.asarray(predicted).shape == (5, 3)
    assert not (exchanged.folder.home / "mlartifacts").exists()
    assert any(key.endswith("/frontier.html") for key in bucket.written("outcomes/small/mlflow/"))


@THEIR_WARNINGS
def test_the_mirror_is_completed_after_a_bucket_refused_it(
    exchanged: Entry, bucket: s3.Server, empty_database: Path, tmp_path: Path
) -> None:
    (tmp_path / "mlflow.db").write_bytes(empty_database.read_bytes())
    locations = replace(
        exchanged.locations,
        tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}",
        outcomes="s3://not-there-yet/outcomes",
    )
    own = replace(exchanged, locations=locations)
    with pytest.raises(SearchError, match="cannot be brought up to date: .*bucket does not exist"):
        Mirror(own).sync()
    bucket.client.create_bucket(Bucket="not-there-yet")
    assert Mirror(own).sync() > 0

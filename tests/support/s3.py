"""An S3 server for tests: moto's, over HTTP on loopback, which every process of a search can
reach."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import boto3
import s3fs
from moto.server import ThreadedMotoServer

BUCKET = "frontier"


class Server:
    """A running server with one empty bucket.

    Attributes:
        bucket: the bucket's name.
        settings: the environment variables with which a process finds the server.
    """

    bucket = BUCKET

    def __init__(self) -> None:
        self._threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._threaded.start()
        port = self._threaded.get_host_and_port()[1]
        self.settings: Mapping[str, str] = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        self.client = boto3.client(
            "s3",
            endpoint_url=self.settings["AWS_ENDPOINT_URL"],
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        )
        self.client.create_bucket(Bucket=BUCKET)

    def stop(self) -> None:
        """Stops answering. The objects are kept."""
        self._threaded.stop()

    def start(self) -> None:
        """Answers again at the same address."""
        port = int(self.settings["AWS_ENDPOINT_URL"].rpartition(":")[2])
        self._threaded = ThreadedMotoServer(ip_address="127.0.0.1", port=port, verbose=False)
        self._threaded.start()

    def written(self, below: str) -> dict[str, datetime]:
        """Returns when each object was written whose key begins with ``below``, by key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=below)
        return {
            each["Key"]: each["LastModified"] for page in pages for each in page.get("Contents", ())
        }


@contextmanager
def running() -> Iterator[Server]:
    """Runs a server inside the block. Every process that starts meanwhile finds it by itself."""
    server = Server()
    s3fs.S3FileSystem.clear_instance_cache()  # this process may know a server that is gone
    before = dict(os.environ)
    try:
        os.environ.update(server.settings)
        yield server
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.stop()

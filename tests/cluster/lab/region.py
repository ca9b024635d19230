"""A region of EC2: moto answers the API, and every instance that it launches is a host.

The host has the addresses and the key pair of the instance.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3

from tests.cluster.lab.hosts import BOOT_S, Disk, Host, Network, enter_network, environment
from tests.support.processes import until

NAME = "us-west-2"
ADDRESS, PORT = "172.31.255.2", 5555  # in the default network of moto's regions
ENDPOINT = f"http://{ADDRESS}:{PORT}"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": NAME,
    "AWS_ENDPOINT_URL": ENDPOINT,
}
LIVE = ("pending", "running")
PERIOD_S = 0.3


class Region:
    """A region while the ``with`` block runs.

    Args:
        disk: public key -> the disk of an instance.
        scarce: a spot type without capacity until another spot type was requested.
    """

    def __init__(self, network: Network, disk: Callable[[str], Disk], scarce: str) -> None:
        self.network, self.disk, self.scarce = network, disk, scarce
        self.hosts: dict[str, Host] = {}
        self.ended: list[Mapping[str, Any]] = []
        self._leave = threading.Event()

    def __enter__(self) -> Region:
        self.host = self.network.add(
            "aws", [f"{ADDRESS}/16"], Disk("aws", "/home/aws", "", environment())
        )
        log: Path = self.network.folder / "moto.log"
        command = [sys.executable, "-m", "tests.cluster.lab.moto_ec2", ADDRESS, PORT, self.scarce]
        self.host.start(*command, log=log)
        listening = Path(f"/proc/{self.host.pid}/net/tcp")
        until(
            lambda: f":{PORT:04X} 00000000:0000 0A" in listening.read_text(),
            BOOT_S,
            "the region answers",
        )
        self._inside = ThreadPoolExecutor(1, initializer=enter_network, initargs=(self.host.pid,))
        self.ec2, self.s3 = (
            self._inside.submit(self.client, service).result() for service in ("ec2", "s3")
        )
        self._follower = threading.Thread(target=self._follow)
        self._follower.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._leave.set()
        self._follower.join()
        self._inside.shutdown()

    @staticmethod
    def client(service: str) -> Any:
        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
        return boto3.client(service, NAME, endpoint_url=ENDPOINT, **keys)

    def call(self, action: str, **arguments: Any) -> Any:
        """Calls an action of EC2 and returns its answer."""
        return self._inside.submit(lambda: getattr(self.ec2, action)(**arguments)).result()

    def instances(self, *states: str) -> list[dict[str, Any]]:
        """Returns the instances in some states; by default the live ones, which cost money."""
        found = [
            each
            for one in self.call("describe_instances")["Reservations"]
            for each in one["Instances"]
        ]
        return [each for each in found if each["State"]["Name"] in (states or LIVE)]

    def spot(self) -> list[dict[str, Any]]:
        return [each for each in self.instances() if each.get("InstanceLifecycle") == "spot"]

    def reclaim(self, instance: Mapping[str, Any]) -> None:
        """Takes a spot instance back without a warning."""
        self.call("terminate_instances", InstanceIds=[instance["InstanceId"]])

    def objects(self, below: str = "") -> dict[str, datetime]:
        """Returns the keys that start with ``below``, in every bucket -> when they were written."""

        def pages() -> list[dict[str, Any]]:
            buckets = [bucket["Name"] for bucket in self.s3.list_buckets()["Buckets"]]
            return [
                page
                for name in buckets
                for page in self.s3.get_paginator("list_objects_v2").paginate(
                    Bucket=name, Prefix=below
                )
            ]

        return {
            each["Key"]: each["LastModified"]
            for page in self._inside.submit(pages).result()
            for each in page.get("Contents", ())
        }

    def download(self, key: str, path: Path) -> None:
        def copy() -> None:
            bucket = self.s3.list_buckets()["Buckets"][0]["Name"]
            path.write_bytes(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read())

        self._inside.submit(copy).result()

    def _follow(self) -> None:
        """Starts and ends hosts as instances start and end.

        It runs in one long-lived thread, because hosts die with the thread that started them.
        """
        while not self._leave.wait(PERIOD_S):
            living = {each["InstanceId"]: each for each in self.instances()}
            for name in [name for name in self.hosts if name not in living]:
                self.hosts.pop(name)
                self.network.remove(name)
            for name in [name for name in living if name not in self.hosts]:
                self.hosts[name] = self._host(living[name])
        for name in list(self.hosts):
            self.network.remove(name)

    def _host(self, instance: Mapping[str, Any]) -> Host:
        pairs = self.call(
            "describe_key_pairs", KeyNames=[instance["KeyName"]], IncludePublicKey=True
        )["KeyPairs"]
        addresses = [f"{instance['PrivateIpAddress']}/16", f"{instance['PublicIpAddress']}/32"]
        return self.network.add(instance["InstanceId"], addresses, self.disk(pairs[0]["PublicKey"]))

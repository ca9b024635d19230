"""A region of EC2 with a bucket, as cluster/gpu.yaml uses it, and the laptop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from tests.cluster.lab import ROOT
from tests.cluster.lab.hosts import Disk, Host, Network, environment
from tests.cluster.lab.question import NAME
from tests.cluster.lab.region import CREDENTIALS, Region
from tests.cluster.lab.site import laptop_disk, own_folder

IDLE_MINUTES = 0.4


@dataclass(frozen=True)
class Cloud:
    """A region of EC2 and the laptop; what instances share is the bucket.

    Attributes:
        fetched: what the laptop sees as HOME/runs.
    """

    file: str
    network: Network
    laptop: Host
    region: Region
    fetched: Path

    def training(self) -> int:
        """How many cohorts are in the midst of a stack, each on a worker of its own."""
        return sum(
            key.endswith("/checkpoints/training")
            for key in self.region.objects(f"outcomes/{NAME}/outcomes/")
        )

    def told(self) -> dict[str, datetime]:
        """The outcomes that the bucket keeps -> when they were written."""
        return {
            key: at
            for key, at in self.region.objects(f"outcomes/{NAME}/told/").items()
            if key[-10:-5].isdigit()
        }

    def bring_models(self) -> None:
        """From the bucket into the search's folder on the laptop, where comparing looks for them."""
        folder = self.fetched / NAME / "models"
        folder.mkdir()
        for key in self.region.objects(f"outcomes/{NAME}/models/"):
            self.region.download(key, folder / Path(key).name)


@contextmanager
def aws(folder: Path, scarce: str) -> Iterator[Cloud]:
    """The region of cluster/gpu.yaml. Instances are as its containers: Ray and the libraries are there, the home is /home/ray."""
    fetched = own_folder(folder / "fetched")
    variables = environment(PYTHONPATH="/home/ray/frontier/source", **CREDENTIALS)
    with Network(folder) as network:
        laptop = network.add("laptop", ["203.0.113.7/32"], laptop_disk(fetched, {}, **CREDENTIALS))
        with Region(
            network, lambda key: Disk("ubuntu", "/home/ray", key, variables), scarce
        ) as region:
            yield Cloud(gpu_file(), network, laptop, region, fetched)


def gpu_file() -> str:
    """gpu.yaml with what the lab forces: no Docker, nothing installed, two workers of one CPU, and an end of idle ones that a test can await."""
    file = yaml.safe_load((ROOT / "cluster" / "gpu.yaml").read_text())
    file["docker"] = {}
    file["max_workers"] = 2
    assert "pip install" in file["setup_commands"].pop(1)
    file["available_node_types"]["gpu_spot"]["resources"]["CPU"] = 1
    sooner = rf"sed -i -E 's/(idle_timeout_minutes\W+)10/\1{IDLE_MINUTES}/' ~/ray_bootstrap_config.yaml"  # the file itself must say 5 or more
    file["head_start_ray_commands"].insert(0, sooner)
    return str(yaml.safe_dump(file))

"""A region of EC2 with a bucket, as cluster/gpu.yaml uses it, and the user's laptop."""

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
    """A region of EC2 and the laptop. The instances share only the bucket.

    Attributes:
        file: the text of the cluster file.
        fetched: the folder of this machine that the laptop sees as HOME/runs.
    """

    file: str
    network: Network
    laptop: Host
    region: Region
    fetched: Path

    def training(self) -> int:
        """Returns the number of cohorts whose stack is being trained, each on its own worker."""
        return sum(
            key.endswith("/checkpoints/training")
            for key in self.region.objects(f"outcomes/{NAME}/outcomes/")
        )

    def recorded(self) -> dict[str, datetime]:
        """Returns the keys of the archived outcomes -> when they were written."""
        return {
            key: at
            for key, at in self.region.objects(f"outcomes/{NAME}/told/").items()
            if key[-10:-5].isdigit()
        }

    def bring_models(self) -> None:
        """Copies the models from the bucket to the laptop, where they are compared."""
        folder = self.fetched / NAME / "models"
        folder.mkdir()
        for key in self.region.objects(f"outcomes/{NAME}/models/"):
            self.region.download(key, folder / Path(key).name)


@contextmanager
def aws(folder: Path, scarce: str) -> Iterator[Cloud]:
    """Yields the region of cluster/gpu.yaml, with no capacity of the type ``scarce`` at first.

    The instances resemble its containers: Ray and the libraries are installed, and the home is
    /home/ray.
    """
    fetched = own_folder(folder / "fetched")
    variables = environment(PYTHONPATH="/home/ray/frontier/source", **CREDENTIALS)
    with Network(folder) as network:
        laptop = network.add("laptop", ["203.0.113.7/32"], laptop_disk(fetched, {}, **CREDENTIALS))
        with Region(
            network, lambda key: Disk("ubuntu", "/home/ray", key, variables), scarce
        ) as region:
            yield Cloud(gpu_file(), network, laptop, region, fetched)


def gpu_file() -> str:
    """Returns gpu.yaml with the changes that the lab needs.

    There is no Docker, nothing is installed, there are at most two workers of one CPU each, and
    idle workers end so soon that a test can wait for it.
    """
    file = yaml.safe_load((ROOT / "cluster" / "gpu.yaml").read_text())
    file["docker"] = {}
    file["max_workers"] = 2
    assert "pip install" in file["setup_commands"].pop(1)
    file["available_node_types"]["gpu_spot"]["resources"]["CPU"] = 1
    # on the head node, because our rules want at least 5 minutes in the file itself
    change = rf"s/(idle_timeout_minutes\W+)10/\1{IDLE_MINUTES}/"
    file["head_start_ray_commands"].insert(0, f"sed -i -E '{change}' ~/ray_bootstrap_config.yaml")
    return str(yaml.safe_dump(file))

"""Three hosts with SSH, as cluster/onprem.yaml describes them, and the user's laptop."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.lab import ROOT
from tests.cluster.lab.hosts import Disk, Host, Network, environment
from tests.cluster.lab.init import UID
from tests.cluster.lab.question import NAME
from tests.cluster.lab.user import HOME, substituted

# the addresses in the file; they are reserved for documents, so no machine has them
HEAD, WORKERS = "192.0.2.10", ("192.0.2.11", "192.0.2.12")
CHANGES = {"{CPU: 4}": "{CPU: 1}"}  # one cohort at a time on each worker
ACCOUNT_HOME, SHARED = "/home/frontier", "/srv/frontier"


@dataclass(frozen=True)
class Site:
    """Hosts with SSH.

    Attributes:
        file: the text of the cluster file.
        runs: the folder of this machine that all hosts see as SHARED.
        fetched: the folder of this machine that the laptop sees as HOME/runs.
    """

    file: str
    network: Network
    laptop: Host
    head: Host
    workers: tuple[Host, ...]
    runs: Path
    fetched: Path

    def training(self) -> int:
        """Returns the number of cohorts whose stack is being trained, each on its own worker."""
        return len(list(self.runs.glob(f"{NAME}/outcomes/*/checkpoints/training")))


def key_pair(folder: Path) -> tuple[str, str]:
    """Makes an SSH key and returns its private and its public part."""
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True
    )
    return (folder / "key").read_text(), (folder / "key.pub").read_text()


def own_folder(path: Path) -> Path:
    """Makes a folder of this machine in which the hosts' users may write."""
    path.mkdir()
    os.chown(path, UID, UID)
    return path


def laptop_disk(fetched: Path, files: dict[str, str], **variables: str) -> Disk:
    return Disk("you", HOME, "", environment(**variables), {str(fetched): f"{HOME}/runs"}, files)


@contextmanager
def onprem(folder: Path) -> Iterator[Site]:
    """Yields the hosts of cluster/onprem.yaml. Ray is only in the environment that it names."""
    private, public = key_pair(folder)
    runs, fetched = own_folder(folder / "runs"), own_folder(folder / "fetched")
    bare = {key: value for key, value in environment().items() if key != "PATH"}
    disk = Disk(
        "frontier",
        ACCOUNT_HOME,
        public,
        bare,
        {str(runs): SHARED},
        links={"frontier/.venv": sys.prefix},
    )
    with Network(folder) as network:
        laptop = network.add(
            "laptop", ["192.0.2.1/24"], laptop_disk(fetched, {".ssh/id_ed25519": private})
        )
        head, *workers = (
            network.add(f"host{ip.rpartition('.')[2]}", [f"{ip}/24"], disk)
            for ip in (HEAD, *WORKERS)
        )
        yield Site(
            substituted(ROOT / "cluster" / "onprem.yaml", CHANGES),
            network,
            laptop,
            head,
            tuple(workers),
            runs,
            fetched,
        )

"""Ray's cluster launcher, run on a file that was checked, with the token in its environment."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import yaml

from frontier_search.cluster import account, token
from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SearchError, SpecError
from frontier_search.files import write_whole
from frontier_search.spec import name_problem
from frontier_search.storage.locations import Locations

RAY = (sys.executable, "-m", "ray.scripts.scripts")

log = logging.getLogger(__name__)


def environment(cluster: ClusterFile) -> dict[str, str]:
    """For a process that speaks to the cluster; raises SpecError without a token that is ours alone."""
    token.read(cluster.token)
    settings = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(cluster.token),
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    return dict(os.environ) | settings | {"RAY_UP_enable_autoscaler_v2": "1"}


def ray(cluster: ClusterFile, *command: str) -> None:
    """Runs ``ray COMMAND`` and shows what it prints.

    Raises:
        SpecError: there is no token.
        SearchError: it ended with another exit code than 0.
    """
    code = subprocess.run([*RAY, *command], env=environment(cluster), check=False).returncode
    if code:
        raise SearchError(f"`ray {' '.join(command)}` ended with exit code {code}.")


def up(cluster: ClusterFile) -> None:
    """Starts the head, or brings it up to date; workers start when cohorts wait for them. No cached configuration is believed.

    Raises:
        SpecError: there is no token, or on AWS something of what the file names.
        SearchError: Ray's launcher failed.
    """
    token.read(cluster.token)
    if cluster.on_aws:
        account.require(cluster)
    ray(cluster, "up", "--yes", "--no-config-cache", str(cluster.path))


def down(cluster: ClusterFile) -> None:
    """Ends every node. Hosts that stay on are left without Ray: the head's at once, the workers' when they miss it, after a minute."""
    stop = next(
        (
            command
            for command in cluster.full["head_start_ray_commands"]
            if "ray stop" in str(command)
        ),
        "ray stop",
    )
    if (
        stop != "ray stop"
    ):  # Ray's own `down` runs just that, and does not find it where Ray lies in an environment
        try:
            ray(cluster, "exec", str(cluster.path), str(stop))
        except (
            SearchError
        ) as error:  # a head that is gone already: the others must end all the same
            log.warning("Ray was not stopped on the head: %s", error)
    ray(cluster, "down", "--yes", str(cluster.path))


def status(cluster: ClusterFile) -> None:
    """Prints the nodes and what waits for them, as the head sees it."""
    before, _, _ = _start_command(cluster).partition(
        "ray start"
    )  # where Ray is, and the token: what the head itself was started with
    ray(cluster, "exec", str(cluster.path), f"{before}ray status")


def fetch(cluster: ClusterFile, name: str, home: Path) -> None:
    """Copies a search's folder from the head's home under ours; the mirror is left there, because it is made again from the storage.

    Raises:
        SpecError: the name could not be a search's, or the file does not say where the head keeps searches.
    """
    problem = name_problem(name)
    there = re.search(r"FRONTIER_SEARCH_HOME=([^\s;]+)", _start_command(cluster))
    if problem or not there:
        raise SpecError(
            problem
            or f"{cluster.path}: the head's start command sets no FRONTIER_SEARCH_HOME, so that {name!r} cannot be found."
        )
    (home / name).mkdir(parents=True, exist_ok=True)
    try:
        ray(cluster, "rsync-down", str(cluster.path), f"{there[1]}/{name}/", f"{home / name}/")
    except SearchError as error:
        with suppress(OSError):
            (home / name).rmdir()  # empty, unless it was fetched before
        raise SearchError(
            f"{name!r} was not fetched: {error} Is it there? `frontier-search list --cluster {cluster.path}`"
        ) from error
    locations = Locations.of(home)
    if (home / name / "journal.log").exists():
        write_whole(home / name / "place.yaml", yaml.safe_dump(locations.to_spec()).encode())


def _start_command(cluster: ClusterFile) -> str:
    """That of the head; a checked file has one."""
    return str(
        next(
            command for command in cluster.full["head_start_ray_commands"] if "ray start" in command
        )
    )

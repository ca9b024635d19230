"""Ray's cluster launcher, run on a file that was checked, with the token in its environment."""

from __future__ import annotations

import os
import subprocess
import sys

from frontier_search.cluster import token
from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SearchError

RAY = (sys.executable, "-m", "ray.scripts.scripts")


def environment(cluster: ClusterFile) -> dict[str, str]:
    """For a process that speaks to the cluster; raises SpecError without a token that is ours alone."""
    token.read(cluster.token)
    settings = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(cluster.token), "RAY_USAGE_STATS_ENABLED": "0"}
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
    """Starts the head, or brings it up to date; workers start when cohorts wait for them. No cached configuration is believed."""
    ray(cluster, "up", "--yes", "--no-config-cache", str(cluster.path))


def down(cluster: ClusterFile) -> None:
    """Ends every node."""
    ray(cluster, "down", "--yes", str(cluster.path))


def status(cluster: ClusterFile) -> None:
    """Prints the nodes and what waits for them, as the head sees it."""
    ray(cluster, "exec", str(cluster.path), f"{_token_on_head(cluster)} ray status")


def _token_on_head(cluster: ClusterFile) -> str:
    """The settings of the head's own start command, for a command beside it."""
    start = next(command for command in cluster.full["head_start_ray_commands"] if "ray start" in command)
    words = [word.rstrip(";") for word in start.split() if word.startswith(("RAY_AUTH_MODE=", "RAY_AUTH_TOKEN_PATH="))]
    return " ".join(words)

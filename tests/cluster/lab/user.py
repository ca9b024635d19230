"""A user of the cluster. They have a laptop with the checkout, a cluster file and our commands."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from subprocess import Popen
from typing import Any

from frontier_search.search.search import Search
from tests.cluster.lab.hosts import Host
from tests.cluster.lab.question import NAME, SPEC
from tests.support.processes import until

COMMAND = (sys.executable, "-m", "frontier_search")
HOME = "/home/you"
CLUSTER, QUESTION = f"{HOME}/cluster.yaml", f"{HOME}/question.yaml"
COMMAND_S, SEARCH_S, FOLLOWING_S, DETACHING_S = 240.0, 900.0, 120.0, 20.0


def substituted(path: Path, changes: dict[str, str]) -> str:
    """Returns a cluster file with some of its text replaced. Each old text must occur in it."""
    text = path.read_text()
    for old, new in changes.items():
        assert old in text, f"{path.name} does not say {old!r}"
        text = text.replace(old, new)
    return text


class User:
    """Runs our commands on the laptop.

    Args:
        host: the laptop, whose home is HOME.
        cluster: the text of the cluster file.
    """

    def __init__(self, host: Host, cluster: str) -> None:
        self.host = host
        self.write("cluster.yaml", cluster)
        self.write("question.yaml", Search.from_spec(SPEC).to_yaml())

    def write(self, name: str, text: str) -> None:
        self.host.path(f"{HOME}/{name}").write_text(text)

    def run(self, *words: object, code: int = 0, seconds: float = COMMAND_S) -> str:
        """Runs a command, checks its exit code, and returns what it printed."""
        done = self.host.run(*COMMAND, *words, seconds=seconds)
        assert done.returncode == code, (
            f"{words}: exit code {done.returncode}\n{done.stdout[-4000:]}"
        )
        return done.stdout

    def cluster(self, command: str) -> str:
        return self.run("cluster", command, CLUSTER)

    def submit(self) -> str:
        return self.run("submit", QUESTION, "--cluster", CLUSTER, "--detach")

    def attach(self) -> str:
        """Follows the search to its end, checks that it succeeded, and returns what was printed."""
        return self.run("attach", NAME, "--cluster", CLUSTER, seconds=SEARCH_S)

    def sessions(self) -> list[dict[str, Any]]:
        printed = self.run("list", "--cluster", CLUSTER, "--format", "json")
        return list(json.loads(printed[printed.index("[") :]))

    def start_following(self, log: Path) -> Popen[bytes]:
        return self.host.start(*COMMAND, "attach", NAME, "--cluster", CLUSTER, log=log)

    def press_ctrl_c(self, following: Popen[bytes], log: Path) -> None:
        # before it follows the search, there is nothing to detach from
        until(lambda: "trials x" in log.read_text(), FOLLOWING_S, "it follows")
        os.killpg(following.pid, signal.SIGINT)
        until(lambda: "detached" in log.read_text(), DETACHING_S, "it detaches")
        following.wait(DETACHING_S)

"""Requests to every open port of the head node and of a worker, without the right token.

They come from another host, without a token and with a wrong one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.cluster.lab.hosts import Disk, Host, environment
from tests.cluster.lab.probe import Answer
from tests.cluster.lab.question import NAME, TRAINING_S
from tests.cluster.lab.site import Site
from tests.cluster.lab.user import CLUSTER, HOME, User
from tests.support.processes import until

DASHBOARD = 8265
PROBE_TIMEOUT_S, STOPPING_S = 300.0, 60.0
pytestmark = [pytest.mark.slow]


def listening(host: Host) -> dict[int, bool]:
    """Returns the ports that listen -> whether on more than loopback."""
    found: dict[int, bool] = {}
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{host.pid}/net/{name}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, _, port = local.rpartition(":")
            if state == "0A":
                loopback = address in ("0100007F", "00000000000000000000000001000000")
                found[int(port, 16)] = found.get(int(port, 16), False) or not loopback
    return found


def answers(stranger: Host, host: Host, ports: Sequence[object], token: str) -> list[Answer]:
    """Probes a host from another one; see ``lab.probe`` for the ports."""
    command = stranger.command(
        sys.executable, "-m", "tests.cluster.lab.probe", host.address, *ports
    )
    done = subprocess.run(
        command, input=token, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [tuple(answer) for answer in json.loads(done.stdout)]


def reveals(answer: Answer) -> bool:
    """Whether a stranger learns or does something.

    The load of a host and the fact that it is healthy are no secrets.
    """
    _, path, status, text = answer
    refused = status in (401, 403, 404, 405)
    return not (
        refused
        or text.startswith("# HELP")
        or (path == "GET /api/local_raylet_healthz" and text == "success")
    )


def test_a_stranger_learns_and_does_nothing(site: Site) -> None:
    user = User(site.laptop, site.file)
    user.cluster("init")
    user.cluster("up")
    user.submit()
    until(lambda: site.training() >= 2, TRAINING_S, "both workers train")
    stranger = site.network.add(
        "stranger", ["192.0.2.99/24"], Disk("nobody", "/home/nobody", "", environment())
    )
    for host in (site.head, site.workers[0]):
        ports = listening(host)
        reachable = sorted(port for port, beyond_loopback in ports.items() if beyond_loopback)
        assert {22, 8076} < set(reachable)
        assert not ports.get(DASHBOARD)  # only on the head node, and there only on loopback
        for token in ("", "f" * 64):
            got = answers(stranger, host, reachable, token)
            assert any(status == (403 if token else 401) for _, _, status, _ in got)
            assert [answer for answer in got if reveals(answer)] == []
        assert not host.path("/tmp/stranger").exists()
    right_token = site.laptop.path(
        f"{HOME}/.frontier-search/frontier-onprem/secrets/auth_token"
    ).read_text()
    nodes, keys = (
        "6379/NodeInfoGcsService/GetAllNodeInfo",
        "6379/InternalKVGcsService/InternalKVKeys",
    )
    # with the right token the same probe gets answers, so it would have seen them above
    found = answers(stranger, site.head, [nodes, keys], right_token)
    assert [status for _, _, status, _ in found] == ["answered"] * 2
    assert answers(stranger, site.head, [nodes, keys], "f" * 64) == []
    assert "stopped" in user.run("stop", NAME, "--cluster", CLUSTER)
    until(
        lambda: [row["state"] for row in user.sessions()] == ["STOPPED"],
        STOPPING_S,
        "it is stopped",
        1.0,
    )

"""Whether a worker that died was lost with its machine: reclaimed, unplugged, switched off. That is no fault of what it trained.

Ray tells it late or in passing. When a raylet ends by SIGTERM, all know at once; when it is killed together with its workers, the driver
hears after 2 s that the worker is "unavailable", and the node is alive for the GCS for up to a minute more. A machine that is shut down in
order ends its processes at once, and the last word of its raylet may be that the worker died, as if alone. So the raylet is asked too, at
its port, and for a moment more than once.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import ray
from ray._private import state  # the public ray.util.state wants a dashboard
from ray.exceptions import RayActorError

SETTLED_S = 2.0  # a raylet that is told to end does so in 0.02 s, where the machine is not busy
PERIOD_S = 0.1
ANSWERS_S = 2.0  # to a connection


def lost(error: BaseException | None) -> bool:
    """Whether the machine of a worker is lost.

    Args:
        error: what Ray raised for the worker; None when that is not known.
    """
    if not isinstance(error, RayActorError) or not error.actor_id:
        return False
    if error.preempted:
        return True
    node = _node_of(error.actor_id)
    if (
        not node or node == ray.get_runtime_context().get_node_id()
    ):  # with its own machine the driver is lost too
        return False
    end = time.monotonic() + SETTLED_S
    while _is_alive(node):
        if time.monotonic() > end:
            return False
        time.sleep(PERIOD_S)
    return True


def _node_of(actor: str) -> str:
    """The id of the node on which an actor was placed, hexadecimal; empty when it never was on one."""
    known: dict[str, Any] = state.actors(actor)
    return str(known.get("Address", {}).get("NodeID", ""))


def _is_alive(node: str) -> bool:
    """Whether the GCS takes a node for alive and its raylet answers."""
    for known in ray.nodes():  # type: ignore[no-untyped-call]
        if known["NodeID"] == node:
            return bool(known["Alive"]) and _answers(
                known["NodeManagerAddress"], known["NodeManagerPort"]
            )
    return False


def _answers(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    try:
        socket.create_connection((host, port), ANSWERS_S).close()
    except OSError:
        return False
    return True

"""Whether a worker died because its machine was lost: reclaimed, unplugged or switched off.

Such a death is not the fault of what the worker trained. Ray reports it late, or not clearly:

- When a raylet is ended by SIGTERM, everybody knows at once.
- When it is killed together with its workers, the driver hears after 2 s that the worker is
  "unavailable". The GCS takes the node for alive for up to a minute more.
- A machine that is shut down in order ends its processes at once. The last message of its raylet
  may be that only the worker died.

So the port of the raylet is tried too, repeatedly for ``SETTLED_S``.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import ray
from ray._private import state  # the public ray.util.state needs a dashboard
from ray.exceptions import RayActorError

SETTLED_S = 2.0  # a raylet that is told to end does so in 0.02 s, where the machine is not busy
PERIOD_S = 0.1
ANSWERS_S = 2.0  # in which a raylet must accept a connection


def is_lost(error: BaseException | None) -> bool:
    """Returns whether the machine of a worker is lost.

    Args:
        error: what Ray raised for the worker; None when that is not known.
    """
    if not isinstance(error, RayActorError) or not error.actor_id:
        return False
    if error.preempted:
        return True
    node = _node_of(error.actor_id)
    # the driver would be lost together with its own machine
    if not node or node == ray.get_runtime_context().get_node_id():
        return False
    end = time.monotonic() + SETTLED_S
    while _is_alive(node):
        if time.monotonic() > end:
            return False
        time.sleep(PERIOD_S)
    return True


def _node_of(actor: str) -> str:
    """Returns the hexadecimal id of an actor's node; empty when it was never placed on one."""
    known: dict[str, Any] = state.actors(actor)
    return str(known.get("Address", {}).get("NodeID", ""))


def _is_alive(node: str) -> bool:
    """Returns whether the GCS takes a node for alive and its raylet accepts connections."""
    for known in ray.nodes():  # type: ignore[no-untyped-call]
        if known["NodeID"] == node:
            host, port = known["NodeManagerAddress"], known["NodeManagerPort"]
            return bool(known["Alive"]) and _accepts_connections(host, port)
    return False


def _accepts_connections(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), ANSWERS_S).close()
    except OSError:
        return False
    return True

"""A fixed list of SSH hosts as nodes of Ray, the head of another type than the workers.

Ray's own ``type: local`` has one type for all, so that autoscaler v2 counts the head among the workers and starts one too few; it may hand a
host out again in the moment in which it is given up, which v2 cannot tell from the old node, for the address is its id; and it says nothing
when no host is left.
"""

from __future__ import annotations

import os
import time
from typing import Any

from ray.autoscaler._private.local.node_provider import LocalNodeProvider
from ray.autoscaler.node_launch_exception import NodeLaunchException
from ray.autoscaler.tags import (
    NODE_KIND_HEAD,
    NODE_KIND_WORKER,
    STATUS_UP_TO_DATE,
    TAG_RAY_FILE_MOUNTS_CONTENTS,
    TAG_RAY_NODE_KIND,
    TAG_RAY_NODE_NAME,
    TAG_RAY_NODE_STATUS,
    TAG_RAY_RUNTIME_CONFIG,
    TAG_RAY_USER_NODE_TYPE,
)

SET_UP = (TAG_RAY_RUNTIME_CONFIG, TAG_RAY_FILE_MOUNTS_CONTENTS)
REST_S = 15  # three looks of the autoscaler: by then it knows that the host has gone


class FixedHosts(LocalNodeProvider):
    """``head_ip`` and ``worker_ips`` of the provider's section."""

    def __init__(self, provider_config: dict[str, Any], cluster_name: str) -> None:
        LocalNodeProvider.__init__(self, provider_config, cluster_name)
        head = provider_config["head_ip"]
        # in the monitor on the head: `ray up` noted the head on the laptop alone
        if os.environ.get(
            "RAY_CLOUD_INSTANCE_ID"
        ) == head and head not in self.non_terminated_nodes({}):
            tags = {
                TAG_RAY_NODE_KIND: NODE_KIND_HEAD,
                TAG_RAY_USER_NODE_TYPE: os.environ.get("RAY_NODE_TYPE_NAME", "head"),
                TAG_RAY_NODE_NAME: f"ray-{cluster_name}-head",
                TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE,
            }
            self.create_node({}, tags, 1)

    def create_node(self, node_config: dict[str, Any], tags: dict[str, str], count: int) -> None:
        kind, left = tags[TAG_RAY_NODE_KIND], count
        with self.state.lock, self.state.file_lock:
            for node_id, info in self.state.get().items():
                free = info["state"] == "terminated" and info["tags"][TAG_RAY_NODE_KIND] == kind
                if left and free and info.get("free_at", 0) <= time.time():
                    info.update(tags=dict(tags), state="running")
                    info.pop("teardown_complete", None)
                    self.state.put(node_id, info)
                    left -= 1
        if left:
            raise NodeLaunchException(
                "NoFreeHost", f"{count} {kind} hosts were asked for, {left} too many", None
            )

    def set_node_tags(self, node_id: str, tags: dict[str, str]) -> None:
        """Without what was set up on the host: it may come back with an empty disk under the same address, and is then set up again."""
        LocalNodeProvider.set_node_tags(
            self, node_id, {key: value for key, value in tags.items() if key not in SET_UP}
        )

    def terminate_node(self, node_id: str) -> None:
        LocalNodeProvider.terminate_node(self, node_id)
        info = self.state.get()[node_id]
        if info["tags"][TAG_RAY_NODE_KIND] == NODE_KIND_WORKER:
            info["free_at"] = time.time() + REST_S
            self.state.put(node_id, info)

    @staticmethod
    def bootstrap_config(cluster_config: dict[str, Any]) -> dict[str, Any]:
        """As it is: Ray's own would put head and workers into one type again."""
        return cluster_config

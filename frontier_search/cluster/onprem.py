"""A provider of a fixed list of SSH hosts as nodes of Ray.

Replaces Ray's ``type: local``, which has three faults with autoscaler v2:

1. It has one node type, so the head node counts as a worker and one worker too few starts.
2. It may reuse a host immediately. A node's id is its address, so v2 takes it for the old node.
3. It fails silently when no host is free.
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

SETUP_TAGS = (TAG_RAY_RUNTIME_CONFIG, TAG_RAY_FILE_MOUNTS_CONTENTS)
REUSE_AFTER_S = 15  # three rounds of the autoscaler: by then it has removed the old node


class FixedHosts(LocalNodeProvider):
    """Gives out the hosts ``head_ip`` and ``worker_ips`` of the section `provider`."""

    def __init__(self, provider_config: dict[str, Any], cluster_name: str) -> None:
        LocalNodeProvider.__init__(self, provider_config, cluster_name)
        head = provider_config["head_ip"]
        runs_on_head = os.environ.get("RAY_CLOUD_INSTANCE_ID") == head
        # `ray up` recorded the head node on the laptop only; the autoscaler on the head node
        # must record it again
        if runs_on_head and head not in self.non_terminated_nodes({}):
            tags = {
                TAG_RAY_NODE_KIND: NODE_KIND_HEAD,
                TAG_RAY_USER_NODE_TYPE: os.environ.get("RAY_NODE_TYPE_NAME", "head"),
                TAG_RAY_NODE_NAME: f"ray-{cluster_name}-head",
                TAG_RAY_NODE_STATUS: STATUS_UP_TO_DATE,
            }
            self.create_node({}, tags, 1)

    def create_node(self, node_config: dict[str, Any], tags: dict[str, str], count: int) -> None:
        """Takes free hosts of the kind that the tags name.

        Raises:
            NodeLaunchException: fewer than ``count`` hosts are free. Those are taken all the same.
        """
        kind, still_needed = tags[TAG_RAY_NODE_KIND], count
        with self.state.lock, self.state.file_lock:
            for node_id, info in self.state.get().items():
                free = info["state"] == "terminated" and info["tags"][TAG_RAY_NODE_KIND] == kind
                if still_needed and free and info.get("free_at", 0) <= time.time():
                    info.update(tags=dict(tags), state="running")
                    info.pop("teardown_complete", None)
                    self.state.put(node_id, info)
                    still_needed -= 1
        if still_needed:
            raise NodeLaunchException(
                "NoFreeHost",
                f"{count} {kind} hosts were asked for, but only {count - still_needed} are free",
                None,
            )

    def set_node_tags(self, node_id: str, tags: dict[str, str]) -> None:
        """Sets the tags, but not those that say that the host is set up.

        A host may come back with an empty disk under the same address. Without these tags it is
        set up again.
        """
        kept = {key: value for key, value in tags.items() if key not in SETUP_TAGS}
        LocalNodeProvider.set_node_tags(self, node_id, kept)

    def terminate_node(self, node_id: str) -> None:
        LocalNodeProvider.terminate_node(self, node_id)
        info = self.state.get()[node_id]
        if info["tags"][TAG_RAY_NODE_KIND] == NODE_KIND_WORKER:
            info["free_at"] = time.time() + REUSE_AFTER_S
            self.state.put(node_id, info)

    @staticmethod
    def bootstrap_config(cluster_config: dict[str, Any]) -> dict[str, Any]:
        """Returns the file unchanged. Ray's version would merge head and workers into one type."""
        return cluster_config

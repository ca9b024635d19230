"""Instances of AWS that come in the next type when there is no spot capacity of the first.

Neither autoscaler of Ray 2.60 moves on to another node type after InsufficientInstanceCapacity: both ask for the same one every 5 s.
"""

from __future__ import annotations

from typing import Any

from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
from ray.autoscaler.node_launch_exception import NodeLaunchException

NO_CAPACITY = frozenset((
    "InsufficientInstanceCapacity", "SpotMaxPriceTooLow", "MaxSpotInstanceCountExceeded", "UnfulfillableCapacity",
    "InsufficientHostCapacity", "Unsupported",
))  # fmt: skip


class SpotProvider(AWSNodeProvider):
    """Reads two keys of a node_config that EC2 does not know: FallbackInstanceTypes, tried in their order, and OnDemandFallback, whether the
    first type is taken at the full price in the end."""

    def _create_node(self, node_config: dict[str, Any], tags: dict[str, str], count: int) -> Any:
        tries = launch_tries(node_config)
        for config in tries:
            try:
                return AWSNodeProvider._create_node(self, config, dict(tags), count)
            except NodeLaunchException as error:
                if error.category not in NO_CAPACITY or config is tries[-1]:
                    raise
        return None


def launch_tries(node_config: dict[str, Any]) -> list[dict[str, Any]]:
    """What is asked of EC2, one after another, until it has the capacity."""
    spot = {
        key: value
        for key, value in node_config.items()
        if key not in ("FallbackInstanceTypes", "OnDemandFallback")
    }
    types = (node_config["InstanceType"], *node_config.get("FallbackInstanceTypes", ()))
    tries = [spot | {"InstanceType": kind} for kind in types]
    if node_config.get("OnDemandFallback") and "InstanceMarketOptions" in spot:
        tries.append({key: value for key, value in spot.items() if key != "InstanceMarketOptions"})
    return tries

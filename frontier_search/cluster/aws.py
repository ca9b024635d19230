"""A provider of AWS instances that tries other instance types when one has no spot capacity.

Both autoscalers of Ray 2.60 ask for the same type again every 5 s after
InsufficientInstanceCapacity. Neither tries another node type.
"""

from __future__ import annotations

from typing import Any

from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
from ray.autoscaler.node_launch_exception import NodeLaunchException

NO_CAPACITY = frozenset((
    "InsufficientInstanceCapacity", "SpotMaxPriceTooLow", "MaxSpotInstanceCountExceeded",
    "UnfulfillableCapacity", "InsufficientHostCapacity", "Unsupported",
))  # fmt: skip


class SpotProvider(AWSNodeProvider):
    """Ray's AWS provider with two more keys in a node_config.

    FallbackInstanceTypes lists the instance types to try, in this order, after InstanceType.
    OnDemandFallback says whether InstanceType is finally taken at the full price.
    """

    def _create_node(self, node_config: dict[str, Any], tags: dict[str, str], count: int) -> Any:
        configs = launch_configs(node_config)
        for config in configs:
            try:
                return AWSNodeProvider._create_node(self, config, dict(tags), count)
            except NodeLaunchException as error:
                if error.category not in NO_CAPACITY or config is configs[-1]:
                    raise
        return None


def launch_configs(node_config: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the configurations to request from EC2, in order, until one has capacity."""
    spot = {
        key: value
        for key, value in node_config.items()
        if key not in ("FallbackInstanceTypes", "OnDemandFallback")  # EC2 does not know them
    }
    types = (node_config["InstanceType"], *node_config.get("FallbackInstanceTypes", ()))
    configs = [spot | {"InstanceType": instance_type} for instance_type in types]
    if node_config.get("OnDemandFallback") and "InstanceMarketOptions" in spot:
        on_demand = {key: value for key, value in spot.items() if key != "InstanceMarketOptions"}
        configs.append(on_demand)
    return configs

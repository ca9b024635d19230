"""The provider of spot instances: which types it asks EC2 for, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip(
    "boto3", reason="boto3 is not installed (the extra `cluster`): AWS is NOT tested"
)

from ray.autoscaler._private.aws.node_provider import AWSNodeProvider
from ray.autoscaler.node_launch_exception import NodeLaunchException

from frontier_search.cluster.aws import SpotProvider, launch_configs

NODE: dict[str, Any] = {
    "InstanceType": "g6.xlarge",
    "FallbackInstanceTypes": ["g5.xlarge"],
    "OnDemandFallback": True,
    "InstanceMarketOptions": {"MarketType": "spot"},
}


class Refusing:
    """An EC2 that refuses the first ``refusals`` requests."""

    def __init__(self, refusals: int, category: str = "InsufficientInstanceCapacity") -> None:
        self.refusals, self.category, self.asked = refusals, category, list[tuple[str, bool]]()

    def create(self, provider: object, config: dict[str, Any], tags: object, count: int) -> str:
        unknown_to_ec2 = {"FallbackInstanceTypes", "OnDemandFallback"}
        assert not unknown_to_ec2 & set(config)
        self.asked.append((config["InstanceType"], "InstanceMarketOptions" in config))
        if len(self.asked) <= self.refusals:
            raise NodeLaunchException(self.category, "no", None)
        return "made"


# (instance type, whether it is a spot request)
ORDER = [("g6.xlarge", True), ("g5.xlarge", True), ("g6.xlarge", False)]


@pytest.mark.parametrize("refusals", [0, 1, 2])
def test_fallback_types_are_tried_and_finally_the_full_price(
    refusals: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = Refusing(refusals)
    monkeypatch.setattr(
        AWSNodeProvider, "_create_node", lambda self, *arguments: ec2.create(self, *arguments)
    )
    provider = SpotProvider.__new__(SpotProvider)
    assert provider._create_node(NODE, {}, 1) == "made"
    assert ec2.asked == ORDER[: refusals + 1]


@pytest.mark.parametrize(
    ("refusals", "category", "asked"),
    [(3, "InsufficientInstanceCapacity", 3), (1, "UnauthorizedOperation", 1)],
)
def test_a_final_refusal_is_raised(
    refusals: int, category: str, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = Refusing(refusals, category)
    monkeypatch.setattr(
        AWSNodeProvider, "_create_node", lambda self, *arguments: ec2.create(self, *arguments)
    )
    with pytest.raises(NodeLaunchException):
        SpotProvider.__new__(SpotProvider)._create_node(NODE, {}, 1)
    assert ec2.asked == ORDER[:asked]


def test_without_fallbacks_only_the_type_itself_is_tried() -> None:
    plain = {"InstanceType": "g6.xlarge", "InstanceMarketOptions": {"MarketType": "spot"}}
    assert launch_configs(plain) == [plain]

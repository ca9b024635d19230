"""moto's server with two behaviours of EC2 that moto does not have.

    python -m tests.cluster.lab.moto_ec2 HOST PORT TYPE

It launches MaxCount instances and not MinCount. It has no spot capacity of TYPE until another spot
type was requested.
"""

from __future__ import annotations

import sys
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.instances import InstanceResponse
from moto.server import main

GET_PARAM, RUN_INSTANCES = InstanceResponse._get_param, InstanceResponse.run_instances


def change_moto(scarce: str) -> None:
    """Replaces two functions of moto; the type ``scarce`` has no capacity at first."""
    other_types: list[str] = []

    def parameter(self: Any, name: str, *default: Any, **options: Any) -> Any:
        return GET_PARAM(self, "MaxCount" if name == "MinCount" else name, *default, **options)

    def run_instances(self: Any) -> Any:
        kind = GET_PARAM(self, "InstanceType")
        if kind == scarce and not other_types:
            raise EC2ClientError(
                "InsufficientInstanceCapacity",
                f"We currently do not have sufficient {kind} capacity",
            )
        if kind != scarce and GET_PARAM(self, "InstanceMarketOptions"):
            other_types.append(kind)
        return RUN_INSTANCES(self)

    InstanceResponse._get_param, InstanceResponse.run_instances = parameter, run_instances


if __name__ == "__main__":
    host, port, scarce = sys.argv[1:]
    change_moto(scarce)
    main(["-H", host, "-p", port])

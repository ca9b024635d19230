"""moto's server, nearer to EC2 in two ways: it launches the most that is asked for, and it has no spot capacity of a type until another was taken.

python -m tests.cluster.lab.moto_ec2 HOST PORT TYPE
"""

from __future__ import annotations

import sys
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.instances import InstanceResponse
from moto.server import main

PLAIN, RUN = InstanceResponse._get_param, InstanceResponse.run_instances


def play(scarce: str) -> None:
    """Changes what moto answers; a request for ``scarce`` is refused until another spot type was asked for."""
    others: list[str] = []

    def parameter(self: Any, name: str, *default: Any, **options: Any) -> Any:
        return PLAIN(self, "MaxCount" if name == "MinCount" else name, *default, **options)

    def run_instances(self: Any) -> Any:
        kind = PLAIN(self, "InstanceType")
        if kind == scarce and not others:
            raise EC2ClientError(
                "InsufficientInstanceCapacity",
                f"We currently do not have sufficient {kind} capacity",
            )
        if kind != scarce and PLAIN(self, "InstanceMarketOptions"):
            others.append(kind)
        return RUN(self)

    InstanceResponse._get_param, InstanceResponse.run_instances = parameter, run_instances


if __name__ == "__main__":
    host, port, scarce = sys.argv[1:]
    play(scarce)
    main(["-H", host, "-p", port])

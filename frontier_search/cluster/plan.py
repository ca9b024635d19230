"""What the safety rules read of a cluster file: provider, node types, commands and images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

START = re.compile(r"\bray\s+start\b")
COMMANDS = ("initialization_commands", "setup_commands", "head_setup_commands",
            "worker_setup_commands", "head_start_ray_commands",
            "worker_start_ray_commands")  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """A cluster file.

    Attributes:
        written: what the user wrote.
        full: the same with Ray's defaults.
    """

    written: Mapping[str, Any]
    full: Mapping[str, Any]

    @property
    def provider(self) -> Mapping[str, Any]:
        return mapping(self.full.get("provider"))

    @property
    def on_aws(self) -> bool:
        module = str(self.provider.get("module"))
        return self.provider.get("type") == "aws" or "frontier_search.cluster.aws" in module

    @property
    def head_type(self) -> str:
        return str(self.full.get("head_node_type"))

    @property
    def node_types(self) -> dict[str, Mapping[str, Any]]:
        listed = mapping(self.full.get("available_node_types"))
        return {str(name): mapping(node) for name, node in listed.items()}

    @property
    def node_configs(self) -> dict[str, Mapping[str, Any]]:
        """Node type -> what the cloud is asked for."""
        return {name: mapping(node.get("node_config")) for name, node in self.node_types.items()}

    @property
    def aws_configs(self) -> dict[str, Mapping[str, Any]]:
        """The same as ``node_configs`` on AWS, and empty elsewhere."""
        return self.node_configs if self.on_aws else {}

    def commands(self, key: str) -> list[str]:
        listed = self.full.get(key)
        return [str(command) for command in listed] if isinstance(listed, list) else []

    def ray_starts(self, role: str) -> list[str]:
        """The commands that start Ray on the `head` or on a `worker`."""
        commands = self.commands(f"{role}_start_ray_commands")
        return [command for command in commands if START.search(command)]

    def all_commands(self) -> Iterator[tuple[str, str]]:
        """Yields every shell command of the file with its key."""
        for key in COMMANDS:
            yield from ((key, command) for command in self.commands(key))
        for name, node in self.node_types.items():
            for key in ("initialization_commands", "worker_setup_commands"):
                yield from ((f"{name}.{key}", str(command)) for command in node.get(key) or ())

    def images(self) -> Iterator[str]:
        """Yields the names of the Docker images."""
        nodes = self.node_types.values()
        for docker in (self.full.get("docker"), *(node.get("docker") for node in nodes)):
            for key in ("image", "head_image", "worker_image"):
                if image := mapping(docker).get(key):
                    yield str(image)


def mapping(value: object) -> Mapping[str, Any]:
    """Returns the value if it is a mapping, and otherwise an empty one."""
    return value if isinstance(value, Mapping) else {}

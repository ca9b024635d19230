"""A cluster file: what the user wrote, and what ``ray up`` makes of it, judged by Ray's own schema and validation."""

from __future__ import annotations

import copy
import io
import json
import logging
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontier_search.cluster import rules
from frontier_search.errors import SpecError
from frontier_search.spec import load_yaml

GONE = {  # what Ray used to read and now ignores or refuses, with what to write instead
    "min_workers": "available_node_types.NAME.min_workers",
    "initial_workers": "available_node_types.NAME.min_workers",
    "autoscaling_mode": "upscaling_speed",
    "head_node": "available_node_types and head_node_type",
    "worker_nodes": "available_node_types",
}


@dataclass(frozen=True)
class ClusterFile:
    """A cluster file that is safe to use.

    Attributes:
        path: of the file.
        name: the cluster's.
        full: with Ray's defaults filled in, as ``ray up`` sees it.
    """

    path: Path
    name: str
    full: Mapping[str, Any]

    @property
    def token(self) -> Path:
        """The token on this machine; the file mounts it on every node."""
        return secrets_folder(self.name) / "auth_token"

    @property
    def on_aws(self) -> bool:
        return rules.Plan(self.full, self.full).on_aws

    @staticmethod
    def read(path: Path) -> ClusterFile:
        """Raises SpecError with every mistake, of Ray's schema and of our safety rules, each a sentence."""
        written = read_yaml(path)
        name = str(written.get("cluster_name", ""))
        full, problems = _as_ray_sees(written)
        problems += rules.problems(written, full if full is not None else written)
        if problems:
            raise SpecError([f"{path}: {problem}" for problem in problems])
        return ClusterFile(path, name, full or {})


def secrets_folder(name: str) -> Path:
    """What a cluster's nodes must know and nobody else: the token, and the bucket's name."""
    return Path.home() / ".frontier-search" / name / "secrets"


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a file, not judged; raises SpecError when there is none."""
    try:
        written = load_yaml(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"cannot read the cluster file {path}: {error}. Those that we ship are in cluster/."
        ) from error
    if (
        not isinstance(written, dict)
        or not isinstance(written.get("provider"), dict)
        or not written.get("cluster_name")
    ):
        raise SpecError(
            f"{path} is not a cluster file: it needs `cluster_name` and `provider`. Those that we ship are in cluster/."
        )
    return written


def _as_ray_sees(written: dict[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """The file with Ray's defaults, or None where it is too broken for them; and what Ray has against it."""
    import jsonschema
    import ray.autoscaler
    from ray.autoscaler._private.util import prepare_config, validate_config

    problems = [
        f"`{key}` is gone from Ray; write {instead}."
        for key, instead in GONE.items()
        if key in written
    ]
    known = {key: value for key, value in written.items() if key not in GONE}
    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    problems += [
        f"{_place(error.absolute_path)}{error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(known)
    ]
    if problems:
        return None, problems
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        with (
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):  # what it filled in is not the user's concern
            full = prepare_config(copy.deepcopy(known))
        validate_config(full)
    except (
        Exception
    ) as error:  # Ray raises whatever comes to hand: AssertionError, KeyError, its own
        return None, [f"Ray refuses it: {' '.join(str(error).split()) or type(error).__name__}"]
    return full, []


def _place(path: Any) -> str:
    return f"{'.'.join(map(str, path))}: " if path else ""

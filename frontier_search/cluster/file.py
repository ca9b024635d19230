"""A cluster file: what the user wrote, and the full version that ``ray up`` makes of it.

It is checked with Ray's own schema and validation, and with our safety rules.
"""

from __future__ import annotations

import copy
import io
import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontier_search.cluster import rules
from frontier_search.cluster.plan import Plan
from frontier_search.errors import SpecError
from frontier_search.spec import load_yaml

REMOVED_KEYS = {  # keys that Ray no longer reads, or refuses -> what to write instead
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
        path: where the file is.
        name: of the cluster.
        full: the content with Ray's defaults filled in, as ``ray up`` uses it.
    """

    path: Path
    name: str
    full: Mapping[str, Any]

    @property
    def token(self) -> Path:
        """The file of the token on this machine. The cluster file copies it to every node."""
        return secrets_folder(self.name) / "auth_token"

    @property
    def on_aws(self) -> bool:
        return Plan(self.full, self.full).on_aws

    @staticmethod
    def read(path: Path) -> ClusterFile:
        """Reads and checks a cluster file.

        Raises:
            SpecError: the file breaks Ray's schema or our safety rules. It has a sentence for
                every mistake.
        """
        written = read_yaml(path)
        name = str(written.get("cluster_name", ""))
        full, problems = _as_ray_completes(written)
        problems += rules.problems(written, full if full is not None else written)
        if problems:
            raise SpecError([f"{path}: {problem}" for problem in problems])
        return ClusterFile(path, name, full or {})


def secrets_folder(name: str) -> Path:
    """The folder for what only a cluster's nodes may know: the token and the bucket's name."""
    return Path.home() / ".frontier-search" / name / "secrets"


def read_yaml(path: Path) -> dict[str, Any]:
    """Returns the mapping in a file without checking it further.

    Raises:
        SpecError: the file cannot be read, or has no `provider` or no `cluster_name`.
    """
    try:
        written = load_yaml(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            f"cannot read the cluster file {path}: {getattr(error, 'strerror', None) or error}. "
            "The files that come with the project are in cluster/."
        ) from error
    if (
        not isinstance(written, dict)
        or not isinstance(written.get("provider"), dict)
        or not written.get("cluster_name")
    ):
        raise SpecError(
            f"{path} is not a cluster file: it needs `cluster_name` and `provider`. "
            "The files that come with the project are in cluster/."
        )
    return written


def _as_ray_completes(written: dict[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    """Returns the content with Ray's defaults, or None, and Ray's objections to it."""
    import jsonschema
    import ray.autoscaler
    from ray.autoscaler._private.util import prepare_config, validate_config

    problems = [
        f"Ray no longer has `{key}`; write {instead}."
        for key, instead in REMOVED_KEYS.items()
        if key in written
    ]
    known = {key: value for key, value in written.items() if key not in REMOVED_KEYS}
    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    problems += [
        f"{_key_prefix(error.absolute_path)}{error.message}"
        for error in jsonschema.Draft7Validator(schema).iter_errors(known)
    ]
    if problems:
        return None, problems
    logging.getLogger("ray").setLevel(logging.ERROR)
    try:
        # the user does not need to read what Ray prints about its defaults
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            full = prepare_config(copy.deepcopy(known))
        validate_config(full)
    except Exception as error:  # Ray raises AssertionError, KeyError and errors of its own
        return None, [f"Ray refuses it: {' '.join(str(error).split()) or type(error).__name__}"]
    return full, []


def _key_prefix(keys: Iterable[object]) -> str:
    joined = ".".join(map(str, keys))
    return f"{joined}: " if joined else ""

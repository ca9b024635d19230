"""Sends every request that Ray knows to some ports, and reports what answered.

    python -m tests.cluster.lab.probe ADDRESS PORT... < TOKEN           every path and method
    python -m tests.cluster.lab.probe ADDRESS PORT/METHOD... < TOKEN    one gRPC method of a port

The requests are every HTTP path that Ray serves, and every method of every gRPC service of Ray.
Prints the answers as JSON: [port, "GET /metrics", 200, the first words]. gRPC's refusals are left
out.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
from ray.core import generated

PATHS = (
    "GET /", "GET /metrics", "GET /api/version", "GET /api/jobs/", "POST /api/jobs/",
    "GET /api/cluster_status", "GET /api/actors", "GET /nodes", "GET /api/v0/tasks",
    "GET /api/v0/logs", "GET /api/local_raylet_healthz", "GET /api/gcs_healthz",
    "POST /api/job_agent/jobs/", "GET /api/job_agent/jobs/far-1/logs",
    "POST /get_or_create_runtime_env", "POST /delete_runtime_env_if_possible",
    "POST /get_runtime_envs_info", "GET /logs", "GET /-/healthz",
)  # fmt: skip
ANSWER_TIMEOUT_S = 5.0
REFUSED = (
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
)

Answer = tuple[int, str, int | str, str]  # port, request, status, first words


def http(address: str, port: int, token: str) -> Iterator[Answer]:
    """Yields the answer of a port to each path of HTTP."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path in PATHS:
        method, _, below = path.partition(" ")
        body = (
            json.dumps({"entrypoint": "touch /tmp/stranger"}).encode() if method == "POST" else None
        )
        request = urllib.request.Request(
            f"http://{address}:{port}{below}",
            body,
            {"Content-Type": "application/json"},
            method=method,
        )
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with opener.open(request, timeout=ANSWER_TIMEOUT_S) as reply:
                yield port, path, reply.status, reply.read(80).decode(errors="replace")
        except urllib.error.HTTPError as error:
            yield port, path, error.code, error.read(80).decode(errors="replace")
        except (OSError, ValueError) as error:
            if isinstance(getattr(error, "reason", error), TimeoutError):
                yield port, path, "silence", ""
        except Exception:  # something answers, but it is not HTTP
            return


def stubs() -> list[type]:
    """Returns the client class of every gRPC service of Ray."""
    found = []
    for module in pkgutil.iter_modules(generated.__path__):
        if module.name.endswith("_pb2_grpc"):
            content = importlib.import_module(f"ray.core.generated.{module.name}")
            found += [
                each
                for name, each in inspect.getmembers(content, inspect.isclass)
                if name.endswith("Stub")
            ]
    return found


class Recorder:
    """Takes the place of a channel, and records the methods that a stub asks it for."""

    def __init__(self) -> None:
        self.methods: list[tuple[str, str]] = []

    def __getattr__(self, kind: str) -> Any:
        return lambda path, **_: self.methods.append((kind, path))


def methods() -> list[tuple[str, str]]:
    """Returns (kind, path) of every gRPC method of Ray; kinds are unary_unary, unary_stream, ..."""
    recorder = Recorder()
    for stub in stubs():
        stub(recorder)
    return sorted(set(recorder.methods))


def calls(address: str, port: int, token: str, only: str = "") -> Iterator[Answer]:
    """Yields the answer of a port to each gRPC method whose path ends with ``only``."""
    metadata = (
        ("client_id", "stranger"),
        *((("authorization", f"Bearer {token}"),) if token else ()),
    )
    with grpc.insecure_channel(f"{address}:{port}") as channel:
        for kind, path in methods():
            if not path.endswith(only):
                continue
            streams_in, streams_out = kind.startswith("stream_"), kind.endswith("_stream")
            sent: Any = iter([b""]) if streams_in else b""
            call = getattr(channel, kind)(path)
            try:
                reply = call(sent, timeout=ANSWER_TIMEOUT_S, metadata=metadata)
                answer = next(iter(reply), b"") if streams_out else reply
                yield port, path, "answered", repr(bytes(answer)[:60])
            except grpc.RpcError as error:
                code, details = error.code(), error.details()  # type: ignore[attr-defined]
                if code is grpc.StatusCode.UNAVAILABLE:  # this port does not speak gRPC
                    return
                if code not in REFUSED:
                    yield port, path, code.name, str(details)[:80]


def main() -> None:
    address, *ports = sys.argv[1:]
    token, answers = sys.stdin.read().strip(), list[Answer]()
    for port, _, only in (word.partition("/") for word in ports):
        answers += (
            calls(address, int(port), token, only)
            if only
            else [*http(address, int(port), token), *calls(address, int(port), token)]
        )
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()

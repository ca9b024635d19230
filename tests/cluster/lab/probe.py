"""What a stranger gets who reaches a port: every path of HTTP that Ray serves, and every method of every gRPC service of Ray.

    python -m tests.cluster.lab.probe ADDRESS PORT... < TOKEN                  every method, refusals of gRPC left out
    python -m tests.cluster.lab.probe ADDRESS PORT/METHOD... < TOKEN           one method of each port

Prints what answered, as JSON: [port, "GET /metrics", 200, its first words].
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
    "GET /", "GET /metrics", "GET /api/version", "GET /api/jobs/", "POST /api/jobs/", "GET /api/cluster_status", "GET /api/actors", "GET /nodes",
    "GET /api/v0/tasks", "GET /api/v0/logs", "GET /api/local_raylet_healthz", "GET /api/gcs_healthz", "POST /api/job_agent/jobs/",
    "GET /api/job_agent/jobs/far-1/logs", "POST /get_or_create_runtime_env", "POST /delete_runtime_env_if_possible",
    "POST /get_runtime_envs_info", "GET /logs", "GET /-/healthz",
)  # fmt: skip
ANSWER_S = 5.0
REFUSED = (
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNIMPLEMENTED,
)

Answer = tuple[int, str, int | str, str]


def http(address: str, port: int, token: str) -> Iterator[Answer]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for path in PATHS:
        method, _, place = path.partition(" ")
        body = (
            json.dumps({"entrypoint": "touch /tmp/stranger"}).encode() if method == "POST" else None
        )
        request = urllib.request.Request(
            f"http://{address}:{port}{place}",
            body,
            {"Content-Type": "application/json"},
            method=method,
        )
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with opener.open(request, timeout=ANSWER_S) as reply:
                yield port, path, reply.status, reply.read(80).decode(errors="replace")
        except urllib.error.HTTPError as error:
            yield port, path, error.code, error.read(80).decode(errors="replace")
        except (OSError, ValueError) as error:
            if isinstance(getattr(error, "reason", error), TimeoutError):
                yield port, path, "silence", ""
        except Exception:  # it speaks, but not HTTP
            return


def stubs() -> list[type]:
    """Every service of Ray, as a client sees it."""
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
    """Stands for a channel where a stub asks for its methods."""

    def __init__(self) -> None:
        self.methods: list[tuple[str, str]] = []

    def __getattr__(self, kind: str) -> Any:
        return lambda path, **_: self.methods.append((kind, path))


def methods() -> list[tuple[str, str]]:
    recorder = Recorder()
    for stub in stubs():
        stub(recorder)
    return sorted(set(recorder.methods))


def calls(address: str, port: int, token: str, only: str = "") -> Iterator[Answer]:
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
                reply = call(sent, timeout=ANSWER_S, metadata=metadata)
                said = next(iter(reply), b"") if streams_out else reply
                yield port, path, "answered", repr(bytes(said)[:60])
            except grpc.RpcError as error:
                code = error.code()  # type: ignore[attr-defined]
                if code is grpc.StatusCode.UNAVAILABLE:  # it is not gRPC that is spoken here
                    return
                if code not in REFUSED:
                    yield port, path, code.name, str(error.details())[:80]  # type: ignore[attr-defined]


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

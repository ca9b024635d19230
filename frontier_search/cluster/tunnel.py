"""A way from here to the Jobs API of a cluster, on loopback at both ends, which is taken only when the API wants a token."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from frontier_search.cluster import launcher, token
from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SearchError, SpecError

OPENING_S, ANSWER_S = 60.0, 10.0
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost):\d+/?")


@contextmanager
def opened(cluster: str) -> Iterator[tuple[str, str]]:
    """Yields the URL of the Jobs API and the token.

    Args:
        cluster: a cluster file, to whose head a tunnel is opened with SSH; or ``http://127.0.0.1:PORT``, a tunnel of the user's own
            (``kubectl port-forward``), with the token's file in RAY_AUTH_TOKEN_PATH.

    Raises:
        SpecError: the file is not safe, the token is missing, or the cluster answers without one.
        SearchError: nothing answers.
    """
    if "://" in cluster:
        if not LOOPBACK.fullmatch(cluster):
            raise SpecError(
                f"--cluster {cluster}: traffic is not encrypted; give a cluster file, or a tunnel of yours at http://127.0.0.1:PORT."
            )
        path = os.environ.get("RAY_AUTH_TOKEN_PATH")
        if not path:
            raise SpecError(
                "with --cluster http://..., name the token's file in the environment variable RAY_AUTH_TOKEN_PATH."
            )
        secret = token.read(Path(path))
        require_token(cluster.rstrip("/"))
        yield cluster.rstrip("/"), secret
        return
    file = ClusterFile.read(Path(cluster))
    secret, url = token.read(file.token), f"http://127.0.0.1:{_free_port()}"
    command = [*launcher.RAY, "dashboard", str(file.path), "--port", url.rpartition(":")[2]]
    with (
        tempfile.TemporaryFile() as said
    ):  # no pipe: the connection that Ray's ssh shares outlives it by 10 s, and would hold it open
        process = subprocess.Popen(
            command, env=launcher.environment(file), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
            start_new_session=True,  # Ctrl-C detaches from the search; the tunnel is closed below
        )  # fmt: skip
        try:
            _await(url, process, said)
            require_token(url)
            yield url, secret
        finally:
            with suppress(ProcessLookupError):
                os.killpg(
                    process.pid, signal.SIGTERM
                )  # ssh is a child of Ray's command, and would outlive it
            process.wait()


def require_token(url: str) -> None:
    """Raises SpecError when the Jobs API answers somebody who has no token, SearchError when nothing answers."""
    status = _status(url)
    if status is None:
        raise SearchError(f"nothing answers at {url}.")
    if status not in (401, 403):
        raise SpecError(
            f"the cluster at {url} answers without a token (HTTP {status}): whoever reaches it runs code there. Nothing was sent. "
            "Start it with RAY_AUTH_MODE=token; `frontier-search cluster check FILE` says where that is missing."
        )


def _status(url: str) -> int | None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/api/jobs/", timeout=ANSWER_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def _await(url: str, process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    end = time.monotonic() + OPENING_S
    while _status(url) is None:
        if process.poll() is not None:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise SearchError(
                f"no tunnel to the head: {lines[-1] if lines else 'ssh ended'}. Is it up? `frontier-search cluster status FILE`"
            )
        if time.monotonic() > end:
            raise SearchError(
                f"no tunnel to the head within {OPENING_S:.0f} s. Is it up? `frontier-search cluster status FILE`"
            )
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

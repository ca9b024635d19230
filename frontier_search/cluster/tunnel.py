"""Connects to the Jobs API of a cluster through loopback at both ends.

The connection is used only if the API refuses requests without a token.
"""

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

OPEN_TIMEOUT_S, ANSWER_TIMEOUT_S = 60.0, 10.0
LOOPBACK = re.compile(r"http://(127\.0\.0\.1|localhost):\d+/?")


@contextmanager
def opened(cluster: str) -> Iterator[tuple[str, str]]:
    """Yields the URL of the Jobs API and the token.

    Args:
        cluster: a cluster file, to whose head node an SSH tunnel is opened; or
            ``http://127.0.0.1:PORT``, a tunnel that the user opened (``kubectl port-forward``).
            With a URL, the environment variable RAY_AUTH_TOKEN_PATH names the token's file.

    Raises:
        SpecError: the file is not safe, the token is missing, or the cluster answers without one.
        SearchError: nothing answers.
    """
    if "://" in cluster:
        url = cluster.rstrip("/")
        secret = _token_for_url(cluster)
        require_token(url)
        yield url, secret
        return
    file = ClusterFile.read(Path(cluster))
    secret = token.read(file.token)
    with _ssh_tunnel(file) as url:
        require_token(url)
        yield url, secret


def require_token(url: str) -> None:
    """Checks that the Jobs API refuses a request without a token.

    Raises:
        SpecError: it answers the request.
        SearchError: nothing answers.
    """
    status = status_without_token(url)
    if status is None:
        raise SearchError(f"nothing answers at {url}.")
    if status not in (401, 403):
        raise SpecError(
            f"the cluster at {url} answers without a token (HTTP {status}): anyone who can reach "
            "it can run code there. Nothing was sent. Start it with RAY_AUTH_MODE=token; "
            "`frontier-search cluster check FILE` says where that is missing."
        )


def status_without_token(url: str) -> int | None:
    """Returns the HTTP status of a request without a token, or None if nothing answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/api/jobs/", timeout=ANSWER_TIMEOUT_S) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def _token_for_url(url: str) -> str:
    """Returns the token for a tunnel that the user opened."""
    if not LOOPBACK.fullmatch(url):
        raise SpecError(
            f"--cluster {url}: the traffic is not encrypted; "
            "give a cluster file, or a tunnel of your own at http://127.0.0.1:PORT."
        )
    path = os.environ.get("RAY_AUTH_TOKEN_PATH")
    if not path:
        raise SpecError(
            "with --cluster http://..., "
            "name the token's file in the environment variable RAY_AUTH_TOKEN_PATH."
        )
    return token.read(Path(path))


@contextmanager
def _ssh_tunnel(file: ClusterFile) -> Iterator[str]:
    """Opens a tunnel to the head node with Ray's command, and yields its URL on this machine."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*launcher.RAY, "dashboard", str(file.path), "--port", str(port)]
    # A file and no pipe: the connection that Ray's ssh processes share outlives the command by
    # 10 s and would keep a pipe open.
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command,
            env=launcher.environment(file),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,  # Ctrl-C must detach from the search; we close the tunnel
        )
        try:
            _wait_until_open(url, process, errors)
            yield url
        finally:
            with suppress(ProcessLookupError):
                # the whole group: ssh is a child of Ray's command and would outlive it
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def _wait_until_open(url: str, process: subprocess.Popen[bytes], errors: IO[bytes]) -> None:
    """Raises SearchError with the last line of ``errors`` if the tunnel does not open."""
    cure = "Is it up? `frontier-search cluster status FILE`"
    deadline = time.monotonic() + OPEN_TIMEOUT_S
    while status_without_token(url) is None:
        if process.poll() is not None:
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else "ssh ended"
            raise SearchError(f"no tunnel to the head node: {reason}. {cure}")
        if time.monotonic() > deadline:
            raise SearchError(f"no tunnel to the head node within {OPEN_TIMEOUT_S:.0f} s. {cure}")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])

"""Serves the frontier's page to this machine only. It needs no MLflow, and links to it once it is
there.

/           the page, drawn anew when trials have finished since
/links.json MLflow's address, or where it is
/mistakes.json  what members get wrong; it loads torch, so the page does not wait for it
"""

from __future__ import annotations

import html as markup
import json
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from frontier_search.errors import SpecError
from frontier_search.frontier.frontier import Frontier
from frontier_search.reports import certificates, figures, mistakes
from frontier_search.reports.figures import html
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial

HOST = "127.0.0.1"
OWN_NAMES = ("localhost", HOST)  # a request for another host comes from another site's page
EMPTY = (
    '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
    "<title>{name}</title><p>{words} This page looks again every five seconds.</p>"
)


class ServedPage:
    """The page of one search, and the links that it shows.

    Every method may be called in any thread.

    Attributes:
        port: of this machine.
    """

    def __init__(self, entry: Entry, port: int) -> None:
        self.entry, self.port = entry, port
        self._lock = threading.Lock()
        # of so many finished trials and certificates
        self._drawn: tuple[tuple[int, int], bytes] | None = None
        self._computing = threading.Lock()
        self._mistakes: tuple[tuple[int, ...], bytes] | None = None  # of these members
        self._links = {"words": "MLflow is starting"}

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}/"

    def content(self) -> bytes:
        """Returns the page as it is now."""
        with self._lock:
            trials = catalog.read_trials(self.entry)
            lines = sum(map(len, certificates.sentences(self.entry.folder).values()))
            count = sum(trial.state.finished for trial in trials), lines
            if self._drawn is None or self._drawn[0] != count:
                self._drawn = (count, self._draw(trials).encode())
            return self._drawn[1]

    def mistakes(self) -> bytes:
        """Returns what the members get wrong, as JSON."""
        with self._computing:
            trials = catalog.read_trials(self.entry)
            members = Frontier.of(trials, self.entry.search.objective_table()).members
            numbers = tuple(member.number for member in members)
            if self._mistakes is None or self._mistakes[0] != numbers:
                found = mistakes.of(self.entry, members)
                self._mistakes = (numbers, json.dumps(found and found.to_json()).encode())
            return self._mistakes[1]

    def _draw(self, trials: Sequence[Trial]) -> str:
        try:
            return html.page(figures.chart_of(self.entry, trials, mistaken=False), served=True)
        except SpecError as error:  # no trial is complete yet
            name, words = (markup.escape(each) for each in (self.entry.search.name, str(error)))
            return EMPTY.format(name=name, words=words)

    def say(self, words: str) -> None:
        """Shows where MLflow is."""
        self._links = {"words": words}

    def link(self, chart: str) -> None:
        """Shows the address at which MLflow opens on the frontier."""
        self._links = {"words": "MLflow: every trial, its curves and models", "chart": chart}

    def wait(self) -> None:
        """Waits for Ctrl-C."""
        threading.Event().wait()

    def links(self) -> bytes:
        """Returns what is shown of MLflow, as JSON."""
        return json.dumps(self._links).encode()


@contextmanager
def serve(entry: Entry, port: int) -> Iterator[ServedPage]:
    """Serves a search's page inside the ``with`` block.

    Args:
        port: 0 takes a free one.

    Raises:
        SpecError: the port is in use.
    """
    port = free_port(port)
    page = ServedPage(entry, port)

    class Handler(_Handler):
        served = page

    server = ThreadingHTTPServer((HOST, port), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield page
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: ServedPage

    def do_GET(self) -> None:
        name = urlsplit(f"//{self.headers.get('Host', '')}").hostname
        path = urlsplit(self.path).path
        if name not in OWN_NAMES:
            self.send_error(403, "this page answers to this machine's own names only")
        elif path == "/":
            self._answer("text/html; charset=utf-8", self.served.content())
        elif path == "/links.json":
            self._answer("application/json", self.served.links())
        elif path == "/mistakes.json":
            self._answer("application/json", self.served.mistakes())
        else:
            self.send_error(404)

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: the terminal belongs to the command."""


def free_port(port: int) -> int:
    """Returns the port, or a free one for 0.

    Raises:
        SpecError: the port is in use.
    """
    with socket.socket() as probe:
        # as the server does, so that a port that was just closed counts as free
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SpecError(
                f"port {port} cannot be used on {HOST} ({error.strerror}); "
                "give another with --port, or --port 0 for free ones."
            ) from error
        return int(probe.getsockname()[1])

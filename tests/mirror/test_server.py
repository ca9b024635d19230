"""MLflow's pages: they answer only to this machine's own names, and show what they should.

Starting a server takes MLflow several seconds, so most tests share one, those in a browser too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError, URLError

import pytest
from mlflow import MlflowClient
from playwright.sync_api import sync_playwright

from frontier_search.frontier.frontier import Frontier
from frontier_search.mirror import server
from frontier_search.mirror.mirror import Mirror
from frontier_search.reports.palette import QUIET
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial
from tests.support import processes

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
in_a_browser = pytest.mark.skipif(
    BROWSER is None, reason="NO BROWSER: install chromium to see the pages as a user does"
)

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--window-size=1600,1000", "--virtual-time-budget=60000", "--dump-dom",
)  # fmt: skip


def dom(url: str, profile: Path) -> str:
    """Returns the document of a page after its scripts have run."""
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", url]
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=True, env=environment
    )
    return done.stdout


@dataclass(frozen=True)
class Command:
    """The command ``ui`` in a process of its own.

    Attributes:
        address: of the search's own page.
        early: what this page answered before MLflow was there.
        pages: the links to MLflow's pages.
        log: what it says beside the addresses.
    """

    process: subprocess.Popen[str]
    address: str
    early: bytes
    pages: server.Pages
    log: Path


@pytest.fixture(scope="module")
def command(
    entry: Entry, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("served")
    home, log = folder / "home", folder / "log"
    shutil.copytree(entry.folder.home, home, ignore=shutil.ignore_patterns("ml*"))
    shutil.copy(empty_database, home / "mlflow.db")
    words = [sys.executable, "-m", "frontier_search", "ui", "--home", str(home), "--port", "0"]
    with (
        log.open("w") as said,
        subprocess.Popen(words, stdout=subprocess.PIPE, stderr=said, text=True) as running,
    ):
        try:
            assert running.stdout is not None
            address = running.stdout.readline().strip()
            early = answer(address)
            chart = running.stdout.readline().strip()
            processes.until(lambda: "-L " in log.read_text(), 60, "all addresses are printed")
            page = re.findall("among MLflow's files: (.*)", log.read_text())[0]
            port = int(chart.split(":")[2].split("/")[0])
            yield Command(running, address, early, server.Pages(chart, page, port, None), log)
        finally:
            if running.poll() is None:
                running.send_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def served(entry: Entry, command: Command) -> tuple[Entry, server.Pages]:
    return entry, command.pages


def base_of(pages: server.Pages) -> str:
    return pages.chart.partition("/#/")[0]


def answer(url: str, host: str | None = None) -> bytes:
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with urllib.request.urlopen(request, timeout=120) as response:
        return bytes(response.read())


def test_the_pages_answer(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    assert b"<title>MLflow" in answer(base_of(pages) + "/")
    assert pages.chart.startswith("http://127.0.0.1:")
    assert "viewStateShareKey=frontier" in pages.chart


def test_only_this_machines_names_are_answered(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    port = base_of(pages).rpartition(":")[2]
    api = base_of(pages) + "/ajax-api/2.0/mlflow/experiments/search?max_results=5"
    assert b"small" in answer(api, f"localhost:{port}")
    for host in ("evil.example", f"192.168.0.7:{port}"):
        with pytest.raises(HTTPError) as refused:
            answer(api, host)
        assert refused.value.code == 403
        refused.value.close()


def test_the_frontiers_page_is_among_the_files(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    run_id = pages.page.partition("/runs/")[2].partition("/")[0]
    assert b'"number":0,' in answer(
        f"{base_of(pages)}/get-artifact?path=frontier.html&run_uuid={run_id}"
    )
    table = json.loads(
        answer(f"{base_of(pages)}/get-artifact?path=frontier.json&run_uuid={run_id}")
    )
    assert table["columns"][0] == "trial"


def test_no_server_is_started_if_the_tracking_uri_is_one(
    served: tuple[Entry, server.Pages], entry: Entry
) -> None:
    """Another search is mirrored through HTTP."""
    _, pages = served
    search = replace(entry.search, name="remote")
    folder = replace(entry.folder, home=entry.folder.home.parent / "remote-home", name="remote")
    folder.path.mkdir(parents=True, exist_ok=True)
    remote = replace(
        entry,
        search=search,
        folder=folder,
        locations=replace(entry.locations, tracking_uri=base_of(pages)),
    )
    with server.serve(remote, 5000) as links:
        assert links.process is None
        assert links.chart.startswith(base_of(pages))
    assert (
        MlflowClient(base_of(pages))
        .get_experiment_by_name("remote")
        .artifact_location.startswith("mlflow-artifacts:")
    )
    assert Mirror(remote).sync() == 0


# ---- in a browser --------------------------------------------------------------------------------


@in_a_browser
def test_the_link_opens_on_the_frontier_chart(
    served: tuple[Entry, server.Pages], trials: list[Trial], tmp_path: Path
) -> None:
    entry, pages = served
    shown = dom(pages.chart, tmp_path)
    assert "Error loading shared view state" not in shown
    assert "log10_params" in shown
    assert 'class="scatterlayer' in shown  # plotly has drawn a scatter
    points = re.findall(r'<path class="point[^>]*fill: rgb\((\d+), (\d+), (\d+)\)', shown)
    members = Frontier.of(trials, entry.search.objective_table()).members
    quiet = tuple(str(int(QUIET[i : i + 2], 16)) for i in (1, 3, 5))
    assert len(points) % len(trials) == 0  # one chart, or two where the window shows both
    # only members have a colour
    assert points.count(quiet) * len(trials) == (len(trials) - len(members)) * len(points)
    for member in members:
        assert f"{member.number} {member.candidate.family}" in shown


@in_a_browser
def test_the_note_has_links_and_the_picture(served: tuple[Entry, server.Pages]) -> None:
    _, pages = served
    base, _, rest = pages.chart.partition("/#/experiments/")
    experiment = rest.partition("/")[0]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1800, "height": 1000})
        page.goto(f"{base}/#/experiments/{experiment}/runs?workflowType=machine_learning")
        for words, address in (("its own page", pages.page), ("all trials as", pages.chart)):
            link = page.get_by_role("link", name=re.compile(words)).first
            link.wait_for(timeout=60_000)
            assert link.evaluate("each => each.href") == address
        address = page.get_by_role("link", name="as a list").first.get_attribute("href")
        page.evaluate("address => { location.hash = address; }", address)
        page.wait_for_function(
            "titles => { const shown = [...document.querySelectorAll('[role=columnheader]')]"
            ".map((each) => each.innerText.trim());"
            " return titles.every((title) => shown.includes(title)); }",
            arg=["loss", "params", "frontier.member", "frontier.chance"],
            timeout=60_000,
        )
        image = page.locator("img[src*='frontier.svg']").first
        image.wait_for(state="attached", timeout=60_000)
        page.wait_for_function("each => each.naturalWidth > 0", arg=image.element_handle())
        browser.close()


@in_a_browser
def test_the_frontiers_page_opens_among_the_files(
    served: tuple[Entry, server.Pages], tmp_path: Path
) -> None:
    _, pages = served
    shown = dom(pages.page, tmp_path)
    assert "frontier.html" in shown
    assert 'sandbox="allow-scripts"' in shown  # the page may run its script


# ---- the end -------------------------------------------------------------------------------------


def test_the_command_serves_the_page_and_mlflow(command: Command) -> None:
    """It prints both addresses, the page's first, and Ctrl-C ends both.

    The last test, because all others look at what it ends.
    """
    page, chart = command.address, command.pages.chart
    assert b'"number":0,' in command.early
    assert b"<title>MLflow" in answer(chart)
    assert json.loads(answer(f"{page}links.json"))["chart"] == chart
    command.process.send_signal(signal.SIGINT)
    assert command.process.wait(60) == 0
    words = command.log.read_text()
    assert words.startswith("reading search small")
    ports = [url.split(":")[2].split("/")[0] for url in (page, chart)]
    assert " ".join(f"-L {port}:127.0.0.1:{port}" for port in ports) in words
    for url in (page, chart):
        with pytest.raises(URLError):
            answer(url)

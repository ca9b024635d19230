"""The pages in a browser: MLflow's chart, and the frontier's page in MLflow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from frontier_search.frontier.frontier import Frontier
from frontier_search.mirror import server
from frontier_search.reports.palette import QUIET
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
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


@pytest.fixture(scope="module")
def pages(
    entry: Entry, empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[server.Pages]:
    path = tmp_path_factory.mktemp("shown") / "mlflow.db"
    shutil.copy(empty_database, path)
    with server.serve(
        replace(entry, locations=replace(entry.locations, tracking_uri=f"sqlite:///{path}")), 0
    ) as served:
        yield served


def test_the_link_opens_on_the_frontier_chart(
    pages: server.Pages, entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
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


def test_the_note_has_links_and_the_picture(pages: server.Pages) -> None:
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


def test_the_frontiers_page_opens_among_the_files(pages: server.Pages, tmp_path: Path) -> None:
    shown = dom(pages.page, tmp_path)
    assert "frontier.html" in shown
    assert 'sandbox="allow-scripts"' in shown  # the page may run its script

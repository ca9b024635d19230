"""Makes every screen anew from a small search, and says what is cut or covered.

Usage: python -m screens.make [FOLDER]        (make screens; the folder is screens/made)

It writes the terminal as SVG and PNG, and the frontier's page, the report and MLflow's pages as PNG
at 1,280 and 400 pixels, light and dark; the report as PDF too. It exits with 1 where a check fails.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from frontier_search.cli.ui import MLFLOW_ENDS
from screens import checks, small
from screens.drawn_terminal import draw
from screens.terminal import record

MADE = Path(__file__).parent / "made"
TERMINALS = {"terminal": (120, 40), "terminal-narrow": (80, 24)}
LOADS_MS = 8000  # what MLflow's pages take to fetch their charts
LAST_LINK = "the page among MLflow's files:"
WITHOUT_MLFLOW = MLFLOW_ENDS.partition("{")[0]


def main(folder: Path = MADE) -> int:
    """Makes all screens in a folder, and returns the number of complaints."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, checks.browser() as chromium:
        home = Path(temporary) / "home"
        complaints = [
            *terminals(chromium, folder, home),
            *pages(chromium, folder, home),
            *mlflow(chromium, folder, home),
        ]
    for complaint in complaints:
        print(complaint)
    print(f"{len(list(folder.iterdir()))} screens in {folder}, {len(complaints)} complaints")
    return len(complaints)


def terminals(chromium: Browser, folder: Path, home: Path) -> Iterator[str]:
    """Records a search with its live view, then the tables, in a wide and a narrow terminal."""
    for name, (columns, lines) in TERMINALS.items():
        place = home if name == "terminal" else home.with_name(name)
        for step, arguments in {
            "run": ("run", *small.SEARCH),
            "frontier": ("frontier", "small"),
            "trials": ("trials", "small"),
        }.items():
            shown = f"frontier-search {' '.join(arguments)}"
            command = [str(small.FRONTIER_SEARCH), *arguments, "--home", str(place)]
            recording = record(command, shown, columns=columns, lines=lines)
            if recording.status:
                yield f"{shown} ended with {recording.status}"
            picture = folder / f"{name}-{step}.svg"
            picture.write_text(draw(recording), encoding="utf-8")
            shoot_picture(chromium, picture)


def pages(chromium: Browser, folder: Path, home: Path) -> Iterator[str]:
    """Shows the frontier's page and a report, and checks them."""
    page = folder / "frontier.html"
    small.call(home, "frontier", "small", "--plot", str(page))
    yield from shoot(chromium, page.as_uri(), folder / "page", wait_for="#plot .scatterlayer")
    small.call(home, "run", *small.PANELS, *small.QUICK)
    for suffix in (".svg", ".pdf"):
        small.call(home, "frontier", "panels", "--plot", str(folder / f"panels{suffix}"))
    report = small.make_study(home.with_name("study"))
    yield from shoot(chromium, report.as_uri(), folder / "report")
    printed = chromium.new_page()
    printed.goto(report.as_uri())
    printed.pdf(path=folder / "report.pdf", prefer_css_page_size=True)
    printed.close()
    pictures = [folder / "panels.svg", *sorted((report.parent / "figures").glob("*.svg"))]
    for picture in pictures:
        for side in checks.frayed(chromium, picture):
            yield f"{picture.name} touches its border: {side}"


def mlflow(chromium: Browser, folder: Path, home: Path) -> Iterator[str]:
    """Shows what ``ui`` links to."""
    with served(home) as links:
        if len(links) < 2:
            yield f"ui linked to no page of MLflow's: {links}"
        for number, link in enumerate(links):
            shoot_all(chromium, link, folder / f"ui-{number}", wait_ms=LOADS_MS)


@contextmanager
def served(home: Path) -> Iterator[list[str]]:
    """Runs ``ui`` and gives the links that it prints: its own page's first, then MLflow's."""
    command = [str(small.FRONTIER_SEARCH), "ui", "small", "--port", "0", "--no-browser"]
    process = subprocess.Popen(
        [*command, "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=None,
    )
    links: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(WITHOUT_MLFLOW):
            break
        links += re.findall(r"(?:http|file)s?://\S+", line)
        if line.startswith(LAST_LINK):
            break
    try:
        yield list(dict.fromkeys(links))
    finally:
        process.terminate()
        process.wait()


def shoot(chromium: Browser, url: str, stem: Path, wait_for: str = "body") -> Iterator[str]:
    """Photographs a page of ours on every screen, and yields what is cut or covered there."""
    for width in checks.WIDTHS:
        for scheme in checks.SCHEMES:
            page = chromium.new_page(
                viewport={"width": width, "height": checks.HEIGHT}, color_scheme=scheme
            )
            page.goto(url)
            page.wait_for_selector(wait_for, state="attached")
            name = f"{stem.name}-{width}-{scheme}"
            page.screenshot(path=stem.with_name(f"{name}.png"))
            page.screenshot(path=stem.with_name(f"{name}-whole.png"), full_page=True)
            page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
            yield from (f"{name}: cut: {each}" for each in checks.cut(page))
            yield from (f"{name}: covered: {each}" for each in checks.covered(page))
            page.close()


def shoot_all(chromium: Browser, url: str, stem: Path, wait_ms: int) -> None:
    """Photographs a page of somebody else's on every screen."""
    for width in checks.WIDTHS:
        for scheme in checks.SCHEMES:
            page = chromium.new_page(
                viewport={"width": width, "height": checks.HEIGHT}, color_scheme=scheme
            )
            page.goto(url)
            page.wait_for_timeout(wait_ms)
            page.screenshot(path=stem.with_name(f"{stem.name}-{width}-{scheme}.png"))
            page.close()


def shoot_picture(chromium: Browser, picture: Path) -> None:
    """Photographs the last picture of a recording."""
    page = chromium.new_page(viewport={"width": 1100, "height": 900}, reduced_motion="reduce")
    page.goto(picture.as_uri())
    page.locator("svg").first.screenshot(path=picture.with_suffix(".png"))
    page.close()


if __name__ == "__main__":
    sys.exit(bool(main(*map(Path, sys.argv[1:]))))

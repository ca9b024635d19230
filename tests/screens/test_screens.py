"""The screens that ``make screens`` shows: nothing is cut, nothing is covered, controls work."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from screens import checks, small
from screens.drawn_terminal import chosen, draw
from screens.terminal import Piece, record, text

pytestmark = pytest.mark.skipif(
    checks.CHROMIUM is None, reason="NO BROWSER: install chromium to see the pages as a user does"
)
SCREENS = [(width, scheme) for width in checks.WIDTHS for scheme in checks.SCHEMES]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with checks.browser() as chromium:
        yield chromium


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.make_study(tmp_path_factory.mktemp("screens"))


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": checks.HEIGHT})
    opened.goto(report.as_uri())
    yield opened
    opened.close()


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_nothing_of_a_report_is_cut_or_covered(
    browser: Browser, report: Path, width: int, scheme: str
) -> None:
    opened = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    opened.goto(report.as_uri())
    for _ in ("folded", "unfolded"):
        assert checks.cut(opened) == []
        assert checks.covered(opened) == []
        opened.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    opened.close()


def test_nothing_of_a_report_is_cut_or_folded_in_print(browser: Browser, report: Path) -> None:
    opened = browser.new_page(viewport={"width": checks.LANDSCAPE, "height": 700})
    opened.emulate_media(media="print")
    opened.goto(report.as_uri())
    opened.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert opened.locator("details").count() > 0
    assert opened.locator("details:not([open])").count() == 0
    assert checks.cut(opened) == []
    opened.close()


def test_the_first_screen_has_the_answer_and_both_pictures(page: Page) -> None:
    assert page.locator(".answer li").count() == 4
    for picture in page.locator(".beside").first.locator("img").all():
        box = picture.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= checks.HEIGHT


def test_the_contents_lead_to_every_chapter(page: Page) -> None:
    links = page.locator("nav a")
    assert links.count() == page.locator("h2").count() > 5
    for link in links.all():
        target = page.locator(f"[id='{str(link.get_attribute('href'))[1:]}']")
        assert target.inner_text() == link.inner_text()


def test_a_folded_table_opens_with_the_keyboard(page: Page) -> None:
    folded = page.locator("details").first
    assert not folded.locator("table").is_visible()
    folded.locator("summary").focus()
    page.keyboard.press("Enter")
    assert folded.locator("table").is_visible()


@pytest.mark.parametrize("scheme", checks.SCHEMES)
def test_pictures_have_the_paper_and_the_ink_of_their_page(
    browser: Browser, report: Path, scheme: str
) -> None:
    opened = browser.new_page(color_scheme=scheme)  # type: ignore[arg-type]
    opened.goto(report.as_uri())
    ink, paper = (
        np.array([int(part) for part in re.findall(r"\d+", found)])
        for found in opened.evaluate(
            "(style => [style.color, style.backgroundColor])(getComputedStyle(document.body))"
        )
    )
    assert (ink.mean() > paper.mean()) == (scheme == "dark")
    for picture in opened.locator("img").all():
        pixels = checks.pixels_of(picture)
        assert abs(pixels[2, 2] - paper).max() <= 2
        brightness = pixels.mean(axis=2)
        strongest = brightness.max() if scheme == "dark" else brightness.min()
        assert abs(strongest - ink.mean()) <= 40
    opened.close()


def test_a_page_is_printed_on_white_paper_by_a_dark_screen(browser: Browser, report: Path) -> None:
    opened = browser.new_page(color_scheme="dark")
    opened.goto(report.as_uri())
    opened.emulate_media(media="print", color_scheme="dark")
    for picture in [opened.locator("body"), *opened.locator("img").all()]:
        assert checks.pixels_of(picture)[2, 2].min() >= 253
    opened.close()


def test_no_picture_of_a_report_touches_its_border(browser: Browser, report: Path) -> None:
    pictures = sorted((report.parent / "figures").glob("*.svg"))
    assert {"claims.svg", "winners.svg", "graphs.svg"} <= {picture.name for picture in pictures}
    for picture in pictures:
        assert checks.frayed(browser, picture) == [], picture.name


def test_the_checks_can_fail(browser: Browser, tmp_path: Path) -> None:
    bad = tmp_path / "bad.html"
    bad.write_text(
        '<div class="table" style="width:50px;overflow:hidden"><table><tr><td>'
        "<div style='width:300px'>x</div></td></tr></table></div><p>one</p>"
        '<p style="margin-top:-2em">two</p>'
    )
    opened = browser.new_page()
    opened.goto(bad.as_uri())
    assert len(checks.cut(opened)) == 1
    assert len(checks.covered(opened)) == 1
    opened.close()
    picture = tmp_path / "bad.svg"
    picture.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
        '<rect width="40" height="40" fill="white"/>'
        '<rect x="30" y="9" width="10" height="9"/></svg>'
    )
    assert checks.frayed(browser, picture) == ["right"]


SCRIPT = (
    "import time, sys; print('\\033[1;31mred\\033[0m plain', flush=True); time.sleep(1.2); "
    "print('<the end>', sys.stdout.isatty())"
)


def test_a_recording_shows_what_a_terminal_showed(browser: Browser, tmp_path: Path) -> None:
    recording = record([sys.executable, "-c", SCRIPT], "a command", columns=40, lines=5)
    assert recording.status == 0
    last = recording.pictures[-1][1]
    assert text(last) == "red plain\n<the end> True"
    assert last[0][0] == Piece(0, "red", "red", True)
    assert [text(picture) for picture in chosen(recording.pictures, 9)] == [
        "red plain",
        "red plain\n<the end> True",
    ]
    drawn = tmp_path / "terminal.svg"
    drawn.write_text(draw(recording), encoding="utf-8")
    words = "".join(ElementTree.parse(drawn).getroot().itertext())
    assert "a command" in words
    assert "<the end> True" in words
    opened = browser.new_page(reduced_motion="reduce")
    opened.goto(drawn.as_uri())
    layers = opened.locator("g.f")
    shown = [layers.nth(i).evaluate("g => getComputedStyle(g).visibility") for i in range(2)]
    assert shown == ["hidden", "visible"]
    opened.close()

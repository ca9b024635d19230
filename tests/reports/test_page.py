"""The frontier's page in a real browser: every control does what it says, on any screen."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from frontier_search.frontier.frontier import Frontier
from frontier_search.objective import OBJECTIVES
from frontier_search.reports.chart import Chart
from frontier_search.reports.figures.html import page
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Candidate, Trial

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NO BROWSER: install chromium to see the pages as a user does"
)
LARGEST = 1_500_000  # bytes
POINTS = "#plot .scatterlayer .point"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def file(entry: Entry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    trials = catalog.read_trials(entry)
    path = tmp_path_factory.mktemp("page") / "frontier.html"
    path.write_text(page(Chart.of(entry.search, trials)), encoding="utf-8")
    return path


@pytest.fixture
def shown(browser: Browser, file: Path) -> Iterator[Page]:
    """The page with its plot drawn; an error of its script fails the test."""
    opened = browser.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.goto(file.as_uri())
    opened.wait_for_selector(POINTS, state="attached")
    yield opened
    opened.close()
    assert errors == []


def test_the_page_is_one_small_file_that_escapes_names(entry: Entry, trials: list[Trial]) -> None:
    odd = replace(trials[0], candidate=Candidate("my<b>:FAMILY", {"hidden": 4, "way": "</script>"}))
    search = replace(entry.search, families=(*entry.search.families, ("my<b>:FAMILY", None)))  # type: ignore[arg-type]
    content = page(Chart.of(search, [odd, *trials[1:]]))
    assert len(content.encode()) < LARGEST
    assert not re.search(r"<(script|link|img)[^>]+(src|href)\s*=", content)
    assert "my<b>" not in content
    assert "</script>" not in re.sub(r"</script>\n", "", content)


def test_without_scripts_there_is_a_picture(browser: Browser, file: Path) -> None:
    opened = browser.new_context(java_script_enabled=False).new_page()
    opened.goto(file.as_uri())
    box = opened.locator("#plot svg").bounding_box()
    assert box is not None
    assert box["height"] > 300
    opened.close()


def test_the_slider_gives_the_best_model_under_a_limit(shown: Page, trials: list[Trial]) -> None:
    members = Frontier.of(trials, [OBJECTIVES["loss"], OBJECTIVES["params"]]).members
    sizes = sorted({trial.size["effective"] for trial in members})
    for position in (0, len(sizes) - 1):
        shown.locator("#limit").fill(str(position))
        allowed = [trial for trial in trials if trial.size["effective"] <= sizes[position]]
        best = min(allowed, key=lambda trial: trial.objectives["loss"])
        assert f"(trial {best.number})" in shown.inner_text("#best")
        assert f"--trial {best.number} " in shown.inner_text("#command")
        assert shown.inner_text("#limit-value") == f"{sizes[position]:,}"


def test_the_slider_moves_with_the_keyboard(shown: Page) -> None:
    before = shown.inner_text("#limit-value")
    shown.locator("#limit").focus()
    shown.keyboard.press("ArrowLeft")
    assert shown.inner_text("#limit-value") != before


def test_a_member_shows_its_curve_its_seeds_and_its_hyperparameters(
    shown: Page, trials: list[Trial]
) -> None:
    line = shown.locator("#members tbody tr").first
    number = int(str(line.get_attribute("data-trial")))
    line.focus()
    shown.keyboard.press("Enter")
    shown.wait_for_selector("#curve .scatterlayer path", state="attached")
    detail = shown.inner_text("#detail")
    trial = next(trial for trial in trials if trial.number == number)
    for seed in trial.seeds:
        assert str(seed.seed) in detail
    settings = json.loads(shown.inner_text("#settings"))
    assert settings == {"family": trial.candidate.family, **trial.candidate.hyperparameters}
    assert line.get_attribute("aria-selected") == "true"


def test_the_table_is_sorted_by_any_column(shown: Page) -> None:
    def column(title: str) -> list[str]:
        titles = [each.strip() for each in shown.locator("#members th").all_inner_texts()]
        cells = shown.locator(f"#members tbody td:nth-child({titles.index(title) + 1})")
        return cells.all_inner_texts()

    for title in ("trial", "params"):
        button = shown.locator("#members th button", has_text=re.compile(f"^{title}$"))
        button.click()
        rising = [int(value.replace(",", "")) for value in column(title)]
        falls = shown.locator("th[aria-sort=descending]").count() == 1
        assert rising == sorted(rising, reverse=falls)
        button.click()
        assert [int(value.replace(",", "")) for value in column(title)] == rising[::-1]


def test_every_switch_changes_the_plot(shown: Page, trials: list[Trial]) -> None:
    def layout(path: str) -> object:
        return shown.evaluate(f"document.getElementById('plot').layout.{path}")

    assert shown.locator(POINTS).count() >= len(trials)
    assert shown.locator("#plot .yerror").count() > 0
    shown.locator("#bars").uncheck()
    assert shown.locator("#plot .yerror").count() == 0
    fills = shown.locator("#plot .js-fill").count()
    shown.locator("#band").uncheck()
    assert shown.locator("#plot .js-fill").count() == fills - 1
    shown.locator("#split").select_option("test")
    assert "test loss" in str(layout("yaxis.title.text"))
    log = shown.locator("#log")
    before = log.is_checked()
    log.click()
    assert (layout("yaxis.type") == "log") != before
    shown.locator("#x").select_option("flops")
    assert OBJECTIVES["flops"].label in str(layout("xaxis.title.text"))
    shown.locator("#y").select_option("accuracy")
    assert "accuracy" in str(layout("yaxis.title.text"))
    for box in shown.locator("#families input").all():
        box.uncheck()
    assert shown.locator(POINTS).count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_is_cut_and_nothing_overlaps(
    browser: Browser, file: Path, width: int, scheme: str
) -> None:
    opened = browser.new_page(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    opened.goto(file.as_uri())
    opened.wait_for_selector(POINTS, state="attached")
    opened.locator("#members tbody tr").first.click()
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    boxes = [
        box
        for part in ("header", "#answer", "#controls", "#plot", "#detail", "#members")
        if (box := opened.locator(part).first.bounding_box())
    ]
    assert len(boxes) == 6
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart_x = one["x"] + one["width"] <= other["x"] + 1 or (
                other["x"] + other["width"] <= one["x"] + 1
            )
            apart_y = one["y"] + one["height"] <= other["y"] + 1 or (
                other["y"] + other["height"] <= one["y"] + 1
            )
            assert apart_x or apart_y
    ink, paper = opened.evaluate(
        "[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]"
    )
    lightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper)]
    assert abs(lightness[0] - lightness[1]) > 380
    assert (lightness[0] > lightness[1]) == (scheme == "dark")
    opened.close()

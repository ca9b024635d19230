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

from frontier_search import runner
from frontier_search.frontier.frontier import Frontier
from frontier_search.objective import OBJECTIVES
from frontier_search.reports import figures, page_server
from frontier_search.reports.chart import Chart
from frontier_search.reports.figures.html import page
from frontier_search.search.search import Search
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
    figures.write(entry, trials, "val", path)
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
    assert shown.locator("#curve .scatterlayer .trace").count() == 2
    assert shown.locator("#curve .legendtext").all_text_contents() == [
        "validation loss",
        "training loss",
    ]
    detail = shown.inner_text("#detail")
    trial = next(trial for trial in trials if trial.number == number)
    for seed in trial.seeds:
        assert str(seed.seed) in detail
    settings = json.loads(shown.inner_text("#settings"))
    assert settings == {"family": trial.candidate.family, **trial.candidate.hyperparameters}
    assert line.get_attribute("aria-current") == "true"
    ticks = [float(tick) for tick in shown.locator("#curve .ytick text").all_text_contents()]
    assert ticks == sorted(ticks)  # in full: Plotly's own would read 5, 2, 0.1
    assert {f"{tick:e}"[0] for tick in ticks} <= {"1", "2", "5"}


def test_the_keyboard_keeps_its_focus_in_a_table_that_is_made_anew(shown: Page) -> None:
    title = shown.locator("#members th button").nth(2)
    title.focus()
    shown.keyboard.press("Enter")
    assert title.evaluate("each => each === document.activeElement")
    line = shown.locator("#members tbody tr").first
    line.focus()
    shown.keyboard.press("Enter")
    assert line.evaluate("each => each === document.activeElement")


def test_every_control_has_a_name(shown: Page) -> None:
    """As a screen reader reads it, with a trial chosen and the sliders open."""
    select_first(shown)
    shown.locator("summary").click()
    tree = shown.locator("body").aria_snapshot()
    controls = re.findall(r"- '?(button|checkbox|combobox|slider|table|figure|region)\b(.*)", tree)
    assert {kind for kind, _ in controls} >= {"button", "checkbox", "combobox", "slider", "table"}
    assert [each for each in controls if not re.match(r' "[^"]', each[1])] == []


def test_the_page_offers_no_upload(shown: Page) -> None:
    """Plotly has a button that sends the data to its own cloud."""
    titles = shown.locator("#plot .modebar-btn").evaluate_all(
        "all => all.map(each => each.ariaLabel)"
    )
    assert "Download plot as a PNG" in titles
    assert not [title for title in titles if "Share" in str(title)]


def select_first(shown: Page) -> int:
    """Clicks the first member of the table; returns its number."""
    line = shown.locator("#members tbody tr").first
    line.click()
    return int(str(line.get_attribute("data-trial")))


def test_a_member_shows_its_confusion_matrix(
    shown: Page, entry: Entry, trials: list[Trial]
) -> None:
    """On the rows that are chosen; the shares of a row that are wrong stand beside it."""
    trial = trials[select_first(shown)]
    position = trial.median_seed()
    n_rows = len(entry.search.find_dataset().split(trial.seeds[position].seed).test)
    for split in ("val", "test"):
        shown.locator("#split").select_option(split)
        caption = shown.inner_text("#confusion caption")
        assert f"{'validation' if split == 'val' else 'test'} rows" in caption
        assert f"seed {trial.seeds[position].seed}" in caption
        cells = [
            [int(cell) for cell in line.locator("td").all_inner_texts()[:-1]]
            for line in shown.locator("#confusion tbody tr").all()
        ]
        assert [len(line) for line in cells] == [3, 3, 3]
        wrong = sum(map(sum, cells)) - sum(cells[i][i] for i in range(3))
        total = sum(map(sum, cells))
        if split == "test":
            assert total == n_rows
        assert wrong / total == pytest.approx(trial.seeds[position].metrics[f"{split}_error"])
        shares = [
            float(line.locator("td").last.inner_text().removesuffix(" %"))
            for line in shown.locator("#confusion tbody tr").all()
        ]
        assert shares == pytest.approx(
            [100 * (1 - cells[i][i] / sum(cells[i])) for i in range(3)], abs=0.06
        )


def test_a_member_shows_what_was_checked_of_its_export(
    browser: Browser, entry: Entry, trials: list[Trial], tmp_path: Path
) -> None:
    chart = Chart.of(entry.search, trials)
    path = tmp_path / "page.html"
    line = ["on <cortex-m4f>: flash 1,412"]
    lines = {point.trial.number: line for point in chart.panels[0].members}
    path.write_text(page(replace(chart, certified=lines)))
    opened = browser.new_page()
    opened.goto(path.as_uri())
    opened.wait_for_selector(POINTS, state="attached")
    select_first(opened)
    assert opened.locator("#detail .certified").inner_text() == "on <cortex-m4f>: flash 1,412"
    opened.close()


def test_a_member_of_a_regression_shows_its_residuals(browser: Browser, tmp_path: Path) -> None:
    spec = {"name": "numbers", "dataset": "sine", "families": ["dense"], "trials": 4}
    search = Search.from_spec(spec | {"seeds": 2, "epochs": 2})
    runner.run(search, tmp_path, "inline")
    entry = catalog.find("numbers", tmp_path)
    trials = catalog.read_trials(entry)
    figures.write(entry, trials, "val", tmp_path / "f.html")
    opened = browser.new_page()
    opened.goto((tmp_path / "f.html").as_uri())
    opened.wait_for_selector(POINTS, state="attached")
    opened.locator("#split").select_option("test")
    trial = trials[select_first(opened)]
    opened.wait_for_selector("#residuals .point", state="attached")
    errors = opened.evaluate("document.getElementById('residuals').data[0].y")
    square = sum(error**2 for error in errors) / len(errors)
    assert square == pytest.approx(trial.seeds[trial.median_seed()].metrics["test_loss"], rel=0.01)
    opened.close()


def test_sliders_and_drags_choose_trials(shown: Page, trials: list[Trial]) -> None:
    """What is chosen stays in the plot, in the table of all trials and in the lines."""

    def numbers() -> set[int]:
        rows = shown.locator("#members tbody tr").all()
        return {int(str(row.get_attribute("data-trial"))) for row in rows}

    def chosen() -> set[int]:
        return set(shown.evaluate("data.trials.filter(brushed).map((each) => each.number)"))

    every = {trial.number for trial in trials}
    members = numbers()
    shown.locator("#all").check()
    assert numbers() == every
    shown.locator("#brush-details summary").click()
    sizes = sorted({trial.size["effective"] for trial in trials})
    slider = shown.get_by_role("slider", name="params, most")
    slider.focus()
    for _ in sizes[2:]:
        shown.keyboard.press("ArrowLeft")
    small = {trial.number for trial in trials if trial.size["effective"] <= sizes[1]}
    assert slider.get_attribute("aria-valuetext") == f"{sizes[1]:,}"
    assert numbers() == chosen() == small
    assert shown.locator(POINTS).count() == len(small)
    assert shown.locator("#parallel-picture .kept").count() == len(small)
    assert f"{len(small)} of {len(every)} trials" in shown.inner_text("#brushed")
    shown.locator("#unbrush").click()
    assert numbers() == chosen() == every
    box = shown.locator(".handle[data-axis=family]").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    shown.mouse.move(middle, box["y"] + box["height"] - 1)
    shown.mouse.down()
    shown.mouse.move(middle, box["y"] + box["height"] - 12)
    shown.mouse.up()
    lowest = min(trial.candidate.family for trial in trials)
    of_family = {trial.number for trial in trials if trial.candidate.family == lowest}
    assert numbers() == of_family
    shown.locator("#all").uncheck()
    assert numbers() == of_family & members


def test_every_control_has_a_name_and_is_reached_by_the_keyboard(shown: Page) -> None:
    select_first(shown)
    shown.locator("#brush-details summary").click()
    controls = shown.locator("input:visible, select:visible, button:visible:enabled").all()
    assert len(controls) > 20
    nameless = [
        control.get_attribute("id")
        for control in controls
        if not control.evaluate(
            "each => each.ariaLabel || each.textContent.trim() ||"
            " [...(each.labels || [])].some((label) => label.textContent.trim())"
        )
    ]
    assert nameless == []
    reached = set()
    shown.evaluate("document.body.setAttribute('tabindex', '-1'); document.body.focus()")
    for _ in range(len(controls) + 60):
        shown.keyboard.press("Tab")
        reached.add(shown.evaluate("document.activeElement.outerHTML.slice(0, 200)"))
    missed = [
        html
        for control in controls
        if (html := str(control.evaluate("each => each.outerHTML.slice(0, 200)"))) not in reached
    ]
    assert missed == []


def test_it_is_drawn_from_any_objective_on_any_axis(shown: Page) -> None:
    names = shown.evaluate("[...objectives.keys()]")
    assert {"loss", "error", "accuracy", "params", "flops", "bytes"} <= set(names)
    for x in names:
        shown.locator("#x").select_option(x)
        shown.locator("#y").select_option(names[0])
        assert shown.locator(POINTS).count() > 0
        shown.locator("#x").select_option(names[0])
        shown.locator("#y").select_option(x)
        assert shown.locator(POINTS).count() > 0


def test_the_served_page_links_to_mlflow_and_asks_for_mistakes(
    browser: Browser, entry: Entry
) -> None:
    with page_server.serve(entry, 0) as served:
        opened = browser.new_page()
        with opened.expect_response("**/mistakes.json") as asked:
            opened.goto(served.address)
        opened.wait_for_function("document.getElementById('links').textContent.includes('MLflow')")
        assert "starting" in opened.inner_text("#links")
        served.link("http://127.0.0.1:1/#/experiments/1")
        link = opened.locator("#links a")
        link.wait_for()
        assert link.get_attribute("href") == "http://127.0.0.1:1/#/experiments/1"
        select_first(opened)
        assert asked.value.ok
        opened.wait_for_selector("#confusion")
        opened.close()


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
        for part in ("header", "#answer", "#controls", "#plot", "#detail", "#parallel", "#members")
        if (box := opened.locator(part).first.bounding_box())
    ]
    assert len(boxes) == 7
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

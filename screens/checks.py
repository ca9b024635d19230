"""What can be asserted about a page in a browser: nothing is cut, nothing covers anything else."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
WIDTHS, SCHEMES = (1280, 400), ("light", "dark")
HEIGHT = 800
LANDSCAPE = 1031  # CSS pixels between the margins of a printed page, see document.css

CUT = """selector => [...document.querySelectorAll(selector), document.documentElement]
  .filter(each => each.checkVisibility() && each.scrollWidth > each.clientWidth + 1)
  .map(each => `${each.tagName} ${each.id || each.className}: ${each.scrollWidth} pixels in `
    + each.clientWidth)"""
COVERED = """selector => {
  const shown = [...document.querySelectorAll(selector)].filter(each => each.checkVisibility());
  const boxes = shown.map(each => [each, each.getBoundingClientRect()])
    .filter(([_, box]) => box.width > 0 && box.height > 0);
  const found = [];
  boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([two, b]) => {
    if (one.contains(two) || two.contains(one)) return;
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 1 && down > 1)
      found.push(`${one.tagName} ${one.textContent.slice(0, 40)} / ${two.tagName} `
        + two.textContent.slice(0, 40));
  }));
  return found;
}"""
CONTAINERS = ".table, table, pre, figure, nav, details, .formula, .command"
BLOCKS = "h1, h2, h3, p, li, figure > img, figcaption, caption, tr, summary, pre, math, button"


@contextmanager
def browser() -> Iterator[Browser]:
    """Opens the Chromium of the distribution."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def cut(page: Page, selector: str = CONTAINERS) -> list[str]:
    """Returns the elements whose content is wider than they are, in words."""
    return [str(each) for each in page.evaluate(CUT, selector)]


def covered(page: Page, selector: str = BLOCKS) -> list[str]:
    """Returns the pairs of elements that cover each other, in words."""
    return [str(each) for each in page.evaluate(COVERED, selector)]


def pixels_of(shown: Locator) -> NDArray[np.int_]:
    """Returns what an element looks like, (height, width, 3), 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(shown.screenshot())).convert("RGB")).astype(int)


def frayed(chromium: Browser, picture: Path) -> list[str]:
    """Returns the sides of an SVG on which something touches the border, so that it may be cut."""
    page = chromium.new_page(viewport={"width": 1600, "height": 1200})
    page.goto(picture.as_uri())
    pixels = pixels_of(page.locator("svg").first)
    page.close()
    paper = pixels[0, 0]
    sides = {
        "top": pixels[:1],
        "bottom": pixels[-1:],
        "left": pixels[:, :1],
        "right": pixels[:, -1:],
    }
    return [name for name, side in sides.items() if abs(side - paper).max() > 8]

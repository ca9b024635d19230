"""The zoo of figures: the formats that the frontier is drawn in, by the suffix of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.reports import certificates, mistakes
from frontier_search.reports.axis import Split
from frontier_search.reports.chart import Chart
from frontier_search.storage import references
from frontier_search.storage.catalog import Entry
from frontier_search.trial import Trial
from frontier_search.zoo import Zoo


@dataclass(frozen=True)
class FigureFormat:
    """A format that the frontier is drawn in.

    Attributes:
        summary: what the file is, in a few words.
        draw: returns the content of the file.
        shows_mistakes: whether it shows what members get wrong, which loads torch.
    """

    summary: str
    draw: Callable[[Chart], bytes]
    shows_mistakes: bool = False


FIGURES: Zoo[FigureFormat] = Zoo(  # by the file's suffix
    "figure",
    {
        ".png": "frontier_search.reports.figures.png:FIGURE",
        ".svg": "frontier_search.reports.figures.svg:FIGURE",
        ".pdf": "frontier_search.reports.figures.pdf:FIGURE",
        ".html": "frontier_search.reports.figures.html:FIGURE",
    },
)


def chart_of(
    entry: Entry, trials: Sequence[Trial], split: Split = "val", mistaken: bool = True
) -> Chart:
    """Returns a search's chart with what is kept beside its trials: references and certificates.

    Args:
        mistaken: whether it has what the members get wrong too, for which they are executed.

    Raises:
        SpecError: no trial is complete.
    """
    chart = replace(
        Chart.of(entry.search, trials, split, references=references.read(entry.folder)),
        certified=certificates.sentences(entry.folder),
    )
    members = [point.trial for point in chart.panels[0].members]
    return replace(chart, mistakes=mistakes.of(entry, members)) if mistaken else chart


def write(entry: Entry, trials: Sequence[Trial], split: Split, path: Path) -> None:
    """Draws the frontier of a search into a file.

    Raises:
        SpecError: the table has no figure of the file's suffix, the folder cannot be written, or no
            trial is complete.
    """
    suffix = path.suffix.lower()
    if suffix not in FIGURES:
        *others, last = (f"{end} ({figure.summary})" for end, figure in FIGURES.items())
        raise SpecError(
            f"cannot draw into {path}: the name must end in {', '.join(others)} or {last}."
        )
    figure = FIGURES[suffix]
    content = figure.draw(chart_of(entry, trials, split, mistaken=figure.shows_mistakes))
    try:
        write_whole(path, content)
    except OSError as error:
        raise SpecError(f"cannot write {path}: {error.strerror}.") from error

"""The frontier as an interactive page in one file, which needs no network."""

from __future__ import annotations

import html as markup
import json
from importlib import resources
from string import Template

from frontier_search.reports import page as assets
from frontier_search.reports.chart import Chart
from frontier_search.reports.drawing import draw
from frontier_search.reports.figures import FigureFormat
from frontier_search.reports.page.contents import contents, left_out

SCRIPTS = ("page.js", "curves.js", "mistakes.js", "parallel.js", "links.js")


def page(chart: Chart, picture: str | None = None, *, served: bool = False) -> str:
    """Returns the chart as a whole HTML page.

    A slider gives the best model under a limit; a click on a point shows its trial. Without
    scripts the still picture remains.

    Args:
        picture: the chart as SVG, if it is drawn already.
        served: whether ``page_server`` serves it, and says where MLflow is.
    """
    picture = draw(chart, "svg").decode() if picture is None else picture
    data = json.dumps(contents(chart), allow_nan=False, separators=(",", ":"))
    return Template(_asset("page.html")).substitute(
        title=markup.escape(chart.title),
        subtitle=markup.escape(chart.subtitle),
        style=_asset("page.css"),
        picture=picture[picture.index("<svg") :],
        notes=markup.escape(left_out(chart)),
        # a script ends at the first "</", whatever stands around it
        data=data.replace("<", "\\u003c"),
        plotly=_asset("plotly-basic.min.js"),
        links='<p id="links" role="status"></p>' if served else "",
        script="\n".join([*map(_asset, SCRIPTS), "begin();"]),
    )


def _asset(name: str) -> str:
    return (resources.files(assets) / name).read_text(encoding="utf-8")


FIGURE = FigureFormat(
    "an interactive page", lambda chart: page(chart).encode(), shows_mistakes=True
)

"""The view of MLflow's pages that opens on the frontier, and the links to it.

A tag ``mlflow.sharedViewState.KEY`` of an experiment holds a view, as plain JSON, and a link names the KEY. MLflow does not document
this: the form below is what its pages read in version 3.17 (``ExperimentPageUIState`` and ``ExperimentPageSearchFacetsState`` of its
source), a browser test holds it, and ``page_link`` is the way that stays if it breaks. The scatter has no logarithmic axis, so counts
enter as log10. It shows the runs that are loaded, one hundred; the members are listed first so that they are always among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from frontier_search.objective import Objective
from frontier_search.reports.chart import axes
from frontier_search.search.search import Search

KEY = "frontier"
VIEW_TAG = f"mlflow.sharedViewState.{KEY}"
SECTION = "frontier"
WORKFLOW = "workflowType=machine_learning"  # which of its two menus MLflow shows
FOLDED = (
    "",
    "val_loss",
    "test_loss",
)  # MLflow adds a bar chart for every metric, in sections named by what stands before a slash


def frontier_link(base_url: str, experiment_id: str) -> str:
    """The address of the frontier chart."""
    return f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs?viewStateShareKey={KEY}&compareRunsMode=CHART&{WORKFLOW}"


def page_link(base_url: str, experiment_id: str, run_id: str) -> str:
    """The address of the search's own interactive page, among the files of its run."""
    return f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}/artifacts/frontier.html?{WORKFLOW}"


def metric_key(objective: Objective) -> str:
    """The metric that a chart of an objective uses."""
    return f"log10_{objective.name}" if objective.log else objective.name


def state(search: Search) -> str:
    """The view, as MLflow's pages read it: trials alone, members first, all visible, the frontier's scatter on top."""
    x, y = axes(search.objective_table())
    scatters = [_scatter("frontier", metric_key(x), metric_key(y))]
    if y.has_splits:
        scatters.append(_scatter("frontier-test", metric_key(x), f"test_{y.name}"))
    columns = [
        "tags.`frontier.member`",
        "params.`family`",
        f"metrics.`{y.name}`",
        f"metrics.`{x.name}`",
    ]
    shown = {
        "searchFilter": "tags.kind = 'trial'",
        "orderByKey": "tags.`frontier.member`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "runsHiddenMode": "SHOW_ALL",
        "compareRunCharts": [*scatters, _parallel(y.name)],
        "compareRunSections": [
            _section("frontier", True, columns=1, cardHeight=460),
            *(_section(name, False) for name in FOLDED),
        ],
        "isAccordionReordered": True,
        "hideEmptyCharts": True,
        "useGroupedValuesInCharts": True,
        "groupBy": None,
    }
    return json.dumps(shown)


def _scatter(uuid: str, x_key: str, y_key: str) -> Mapping[str, Any]:
    x, y = {"key": x_key, "type": "METRIC"}, {"key": y_key, "type": "METRIC"}
    return {
        "type": "SCATTER",
        "uuid": uuid,
        **_card(f"{y_key} against {x_key}"),
        "xaxis": x,
        "yaxis": y,
        "runsCountToCompare": 100,
    }


def _section(name: str, unfolded: bool, **size: int) -> Mapping[str, Any]:
    fixed = {"isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": name or "metrics", "name": name, "display": unfolded, **fixed, **size}


def _parallel(metric: str) -> Mapping[str, Any]:
    chosen = {
        "selectedParams": ["family", "hidden", "learning_rate"],
        "selectedMetrics": ["log10_params", metric],
    }
    return {
        "type": "PARALLEL",
        "uuid": "parallel",
        **_card("what the trials tried"),
        **chosen,
        "showAllRuns": True,
    }


def _card(title: str) -> Mapping[str, Any]:
    return {
        "metricSectionId": SECTION,
        "deleted": False,
        "isGenerated": False,
        "displayName": title,
    }

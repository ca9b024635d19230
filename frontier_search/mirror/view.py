"""The view of MLflow's pages that opens on the frontier, and the links to it.

A tag ``mlflow.sharedViewState.KEY`` of an experiment holds a view as plain JSON, and a link names
the KEY. MLflow does not document this. The keys below are those that its pages read in version 3.17
(``ExperimentPageUIState`` and ``ExperimentPageSearchFacetsState`` of its source). A browser test
checks them, and ``page_link`` still works if they change.

The scatter chart has no logarithmic axis, so counts are logged as log10 too. It shows the first one
hundred runs. The members are sorted first, so that they are always among these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from frontier_search.objective import Objective
from frontier_search.reports.axis import axes
from frontier_search.search.search import Search

KEY = "frontier"
VIEW_TAG = f"mlflow.sharedViewState.{KEY}"
SECTION = "frontier"
WORKFLOW = "workflowType=machine_learning"  # which of its two menus MLflow shows
# MLflow adds a bar chart for every metric. A section holds the metrics with one prefix before "/".
FOLDED = ("", "curve", "seeds", "model")


def frontier_link(base_url: str, experiment_id: str) -> str:
    """Returns the address of the frontier chart."""
    runs = f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs"
    return f"{runs}?viewStateShareKey={KEY}&compareRunsMode=CHART&{WORKFLOW}"


def list_link(base_url: str, experiment_id: str) -> str:
    """Returns the address of the list of trials: members first, with their loss and chance."""
    runs = f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs"
    return f"{runs}?viewStateShareKey={KEY}&{WORKFLOW}"


def page_link(base_url: str, experiment_id: str, run_id: str) -> str:
    """Returns the address of the search's own interactive page, an artifact of its run."""
    run = f"{base_url.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
    return f"{run}/artifacts/frontier.html?{WORKFLOW}"


def metric_key(objective: Objective) -> str:
    """Returns the name of the metric that a chart of an objective uses."""
    return f"log10_{objective.name}" if objective.log else objective.name


def state(search: Search) -> str:
    """Returns the view as the JSON that MLflow's pages read.

    It lists only trials, the members first, and shows the scatter of the frontier at the top.
    """
    x, y = axes(search.objective_table())
    scatters = [_scatter("frontier", metric_key(x), metric_key(y))]
    if y.has_splits:
        scatters.append(_scatter("frontier-test", metric_key(x), f"test_{y.name}"))
    columns = [
        "tags.`frontier.member`",
        "params.`family`",
        f"metrics.`{y.name}`",
        f"metrics.`{x.name}`",
        "tags.`frontier.chance`",
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

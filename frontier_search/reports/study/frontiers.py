"""The frontiers of a study's report: at equal parameters, at equal flops, and the other methods."""

from __future__ import annotations

import json
from collections.abc import Sequence

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.frontier.baselines import Baseline, best, measure_baselines
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.membership import Member, members
from frontier_search.objective import OBJECTIVES
from frontier_search.reports import words
from frontier_search.reports.blocks import Block, Figure, Heading, Paragraph, Table
from frontier_search.reports.chart import Chart
from frontier_search.reports.drawing import draw
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.tables import hyperparameters
from frontier_search.search.sweep import origin
from frontier_search.storage import references

# with more training rows, more numbers in them or more seeds, the other methods take minutes
BASELINE_ROWS, BASELINE_NUMBERS, BASELINE_SEEDS = 4000, 500_000, 5
READING = (
    "Coloured signs are members, named by family and hidden units; faint ones are the other "
    "trials. Bars are standard errors, and the grey band holds 90 % of the frontiers on fresh "
    "seeds."
)
EQUAL_FLOPS = (OBJECTIVES["loss"], OBJECTIVES["flops"])


def shown(studied: Sequence[Studied]) -> list[Studied]:
    """Returns the searches whose frontiers are shown: those with more than one trial."""
    return [each for each in studied if len(each.trials) > 1 and not origin(each.search.name)[1]]


def picture(name: str, chart: Chart, caption: str) -> Figure:
    """Returns a chart as a figure of a report."""
    return Figure(name, draw(chart, "svg"), caption, draw(chart, "png"))


def frontier(studied: Studied, level: float) -> list[Block]:
    """Returns one search's frontier at equal parameters and at equal flops, and other methods."""
    search, trials = studied.search, studied.trials
    found: list[Block] = [Heading(search.name, 3)]
    methods = baselines(studied)
    try:
        chart = Chart.of(
            search, trials, baselines=methods, references=references.read(studied.folder)
        )
    except SpecError as error:
        return [*found, Paragraph(str(error))]
    dashed = " The dashed line is the best of other methods of any size." if methods else ""
    caption = f"The frontier of {search.name}. {READING}{dashed}"
    found.append(picture(search.name, chart, caption))
    found.append(_members(search.name, members(trials, search.objective_table(), level)))
    found += _equal_flops(studied, level)
    if methods:
        found += [
            Paragraph(
                "Other methods of any size on the same rows, the best of a small grid each; "
                f"the best is {best(methods).name}."
            ),
            _methods(search.name, methods),
        ]
    return found


def _equal_flops(studied: Studied, level: float) -> list[Block]:
    """Returns the frontier of the loss and the flops of one forward pass; nothing without a loss.

    It says which members are on the frontier at equal parameters too.
    """
    search, trials = studied.search, studied.trials
    listed = members(trials, EQUAL_FLOPS, level)
    by_params = {
        member.trial.number for member in members(trials, (EQUAL_FLOPS[0], OBJECTIVES["params"]))
    }
    rows = tuple(
        (
            str(trial.number),
            trial.candidate.family,
            hyperparameters(trial),
            f"{trial.size['flops']:,}",
            f"{trial.size['effective']:,}",
            words.spread(Spread.of(trial.per_seed("val_loss"))),
            words.spread(Spread.of(trial.per_seed("test_loss"))),
            f"{member.probability:.2f}",
            "yes" if trial.number in by_params else "",
        )
        for member in sorted(listed, key=lambda member: member.trial.size["flops"])
        for trial in (member.trial,)
    )
    columns = (
        "trial",
        "family",
        "hyperparameters",
        "flops",
        "params",
        "validation loss",
        "test loss",
        "chance on the frontier",
        "also at equal params",
    )
    caption = (
        f"The frontier of {search.name} at equal flops of one forward pass of one row. {READING}"
    )
    described = (
        f"The members of the frontier of {search.name} at equal flops, losses as mean ± sample "
        f"standard deviation over seeds. {words.CHANCE}"
    )
    chart = Chart.of(search, trials, objectives=EQUAL_FLOPS)
    return [
        picture(f"{search.name}-flops", chart, caption),
        Table(columns, rows, described, frozenset({0, 3, 4, 5, 6, 7})),
    ]


def _members(name: str, listed: Sequence[Member]) -> Table:
    rows = []
    for member in listed:
        trial = member.trial
        val, test = (Spread.of(trial.per_seed(f"{split}_loss")) for split in ("val", "test"))
        optimism = f"{words.number(member.optimism)} {words.interval(member.optimism_interval)}"
        cells = (
            str(trial.number),
            trial.candidate.family,
            hyperparameters(trial),
            f"{trial.size['effective']:,}",
            words.spread(val),
            words.interval(member.val),
            words.spread(test),
            words.interval(member.test),
            f"{member.probability:.2f}",
            optimism,
        )
        rows.append(cells)
    columns = (
        "trial",
        "family",
        "hyperparameters",
        "params",
        "validation loss",
        "interval",
        "test loss",
        "interval",
        "chance on the frontier",
        "optimism",
    )
    caption = (
        f"The members of the frontier of {name}, losses as mean ± sample standard deviation over "
        "seeds with Student's interval of the mean; optimism is the test loss minus the validation "
        f"loss. {words.CHANCE}"
    )
    return Table(columns, tuple(rows), caption, frozenset({0, 3, 4, 5, 6, 7, 8, 9}))


def _methods(name: str, baselines: Sequence[Baseline]) -> Table:
    rows = tuple(
        (
            one.name,
            ", ".join(f"{name} {value}" for name, value in one.hyperparameters.items()),
            words.number(one.mean("val_loss")),
            words.number(one.mean("test_loss")),
        )
        for one in baselines
    )
    caption = f"Mean losses of other methods of any size on the rows of {name}."
    columns = ("method", "settings", "validation loss", "test loss")
    return Table(columns, rows, caption, frozenset({2, 3}))


def baselines(studied: Studied) -> tuple[Baseline, ...]:
    """Returns other methods, measured on the first BASELINE_SEEDS seeds of a search.

    They take seconds, so they are kept in a file in the search's folder. For a dataset with more
    than BASELINE_ROWS training rows, or BASELINE_NUMBERS numbers in them, there are none.
    """
    search, path = studied.search, studied.folder.report / "ceiling.json"
    seeds = search.seeds[:BASELINE_SEEDS]
    if path.exists():
        kept = tuple(Baseline.from_json(one) for one in json.loads(path.read_text()))
        if kept and tuple(seed.seed for seed in kept[0].seeds) == seeds:
            return kept
    dataset = search.find_dataset()
    train = dataset.split(seeds[0]).train
    if len(train) > BASELINE_ROWS or train.x.size > BASELINE_NUMBERS:
        return ()
    found = measure_baselines(dataset, seeds)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps([one.to_json() for one in found]).encode())
    return found

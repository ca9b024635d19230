"""The page of a study: the question, the protocol, frontiers with their uncertainty, who owns them, the claims, and the commands."""

from __future__ import annotations

import json
from collections.abc import Sequence

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.frontier.baselines import Baseline, best, measure_baselines
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import LEVEL, RESAMPLES
from frontier_search.frontier.judge import Body
from frontier_search.frontier.membership import members
from frontier_search.frontier.settling import CORRECTED
from frontier_search.reports import report_figures, study_claims, words
from frontier_search.reports.chart import Chart
from frontier_search.reports.document import Block, Code, Figure, Heading, Paragraph, Table
from frontier_search.reports.figures.png import picture
from frontier_search.reports.study_claims import FEW_SEEDS, Studied
from frontier_search.reports.tables import hyperparameters
from frontier_search.search.claim import Claims
from frontier_search.search.sweep import origin

BASELINE_ROWS, BASELINE_SEEDS = (
    4000,
    5,
)  # training rows and seeds beyond which the other methods take minutes


def blocks(studied: Sequence[Studied], claims: Claims, settled: bool) -> list[Block]:
    """The whole page.

    Args:
        settled: whether seeds were added until claims could be told, so that intervals have the corrected level.
    """
    level = CORRECTED if settled else LEVEL
    pairs = [(each.search, each.trials) for each in studied]
    body = Body(pairs)
    own = [each for each in studied if not origin(each.search.name)[1]]
    return [
        Paragraph(
            "Which families of models own the frontier between loss and learned parameters, and how sure are we? Frontiers are chosen on "
            "validation rows and reported on test rows. Intervals of means over seeds are Student's at "
            f"{level:.4g}; shares and chances come from {RESAMPLES:,} paired resamples of the seeds."
        ),
        *study_claims.claims(claims, body, Body(pairs, FEW_SEEDS), level),
        *study_claims.owners(own, body, claims, level),
        *study_claims.published(own),
        Heading("Frontiers"),
        *(block for each in own if len(each.trials) > 1 for block in _frontier(each, level)),
        *_graphs(own),
        *_protocol(own),
        Heading("The commands that made this"),
        Code("\n".join(dict.fromkeys(each.command for each in studied))),
    ]


# ---- frontiers ---------------------------------------------------------------------------------


def _frontier(studied: Studied, level: float) -> list[Block]:
    search, trials = studied.search, studied.trials
    found: list[Block] = [Heading(search.name, 3)]
    baselines = _baselines(studied)
    try:
        chart = Chart.of(search, trials, baselines=baselines)
    except SpecError as error:
        return [*found, Paragraph(str(error))]
    found.append(
        Figure(
            f"{search.name}.png",
            picture(chart),
            f"The frontier of {search.name}; the dashed line is the best of other methods of any size.",
        )
    )
    rows = []
    for member in members(trials, search.objective_table(), level):
        val, test = (Spread.of(member.trial.per_seed(f"{split}_loss")) for split in ("val", "test"))
        rows.append((str(member.trial.number), member.trial.candidate.family, hyperparameters(member.trial), f"{member.trial.size['effective']:,}",
                     words.spread(val), words.interval(member.val), words.spread(test), words.interval(member.test), f"{member.probability:.2f}",
                     f"{words.number(member.optimism)} {words.interval(member.optimism_interval)}"))  # fmt: skip
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
    found.append(Table(columns, tuple(rows), frozenset({0, 3, 4, 5, 6, 7, 8, 9})))
    if baselines:
        chosen = best(baselines)
        lines = [
            (
                one.name,
                str(dict(one.hyperparameters)),
                words.number(one.mean("val_loss")),
                words.number(one.mean("test_loss")),
            )
            for one in baselines
        ]
        found += [Paragraph(f"Other methods of any size on the same rows, the best of a small grid each; the best is {chosen.name}."),
                  Table(("method", "settings", "validation loss", "test loss"), tuple(lines), frozenset({2, 3}))]  # fmt: skip
    return found


def _baselines(studied: Studied) -> tuple[Baseline, ...]:
    """The other methods on this search's first seeds, kept beside its report because they take seconds; none for a large dataset."""
    search, path = studied.search, studied.folder.report / "ceiling.json"
    seeds = search.seeds[:BASELINE_SEEDS]
    if path.exists():
        kept = tuple(Baseline.from_json(one) for one in json.loads(path.read_text()))
        if kept and tuple(seed.seed for seed in kept[0].seeds) == seeds:
            return kept
    dataset = search.find_dataset()
    if len(dataset.split(seeds[0]).train) > BASELINE_ROWS:
        return ()
    found = measure_baselines(dataset, seeds)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps([one.to_json() for one in found]).encode())
    return found


# ---- models and protocol -----------------------------------------------------------------------


def _graphs(studied: Sequence[Studied]) -> list[Block]:
    families = list(dict.fromkeys(family for each in studied for family in each.search.spaces))
    drawn = report_figures.graphs(families)
    if drawn is None:
        return []
    drawing = f"{report_figures.GRAPH_UNITS} units, the graph of seed {report_figures.GRAPH_SEED}"
    caption = f"Above: which unit listens to which ({drawing}). Below: eigenvalues, scaled to a spectral radius of 1."
    return [
        Heading("The models"),
        Figure(
            "recurrence.png",
            report_figures.recurrence(),
            "A reservoir: only the dark boxes are learned.",
        ),
        Code(
            "h_0 = tanh(W_in x + b_in)    h_{t+1} = tanh(h_t + tanh(h_t G^T))    y = W_out [x, h_T] + b_out"
        ),
        Figure("graphs.png", drawn, caption),
    ]


def _protocol(studied: Sequence[Studied]) -> list[Block]:
    rows = tuple(
        (each.search.name, each.search.dataset, str(len(each.search.seeds)), f"{each.search.trials}{' listed' if each.search.candidates else ''}",
         str(each.search.epochs), str(each.search.batch_size), each.search.select, "" if each.search.candidates else each.search.sampler,
         str(sum(trial.state.finished for trial in each.trials)), each.search.fingerprint())
        for each in studied
    )  # fmt: skip
    columns = (
        "search",
        "dataset",
        "seeds",
        "candidates",
        "epochs",
        "batch",
        "epoch reported",
        "sampler",
        "finished",
        "fingerprint",
    )
    spaces = dict.fromkeys(
        json.dumps({name: space.to_spec() for name, space in each.search.families})
        for each in studied
    )
    return [
        Heading("The protocol"),
        Paragraph(
            "A seed decides the rows, the first weights, the random graphs and the order of the minibatches, the same for every candidate. "
            "Training is AdamW without weight decay unless a family has one. The epoch that is reported is chosen on validation."
        ),
        Table(columns, rows, frozenset({2, 3, 4, 5, 8})),
        Heading("Spaces", 3),
        *(
            Code(
                "\n".join(
                    f"{name}: {json.dumps(space)}" for name, space in json.loads(spaces_of).items()
                )
            )
            for spaces_of in spaces
        ),
    ]


# ---- words -------------------------------------------------------------------------------------


def summary(content: Sequence[Block]) -> str:
    """The verdicts, one line a claim, for the terminal."""
    tables = [
        block for block in content if isinstance(block, Table) and block.columns[1] == "claim"
    ]
    return (
        "\n".join(f"{row[0]:>2}  {row[3]:32} {row[1]}" for table in tables for row in table.rows)
        or "no claim was asked about."
    )

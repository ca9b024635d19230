"""The page of a study: the question, the protocol, frontiers with their uncertainty, who owns them, the claims, and the commands."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.frontier.baselines import Baseline, best, ceiling
from frontier_search.frontier.evidence import Evidence
from frontier_search.frontier.frontier import Spread
from frontier_search.frontier.interval import ENOUGH_SEEDS, LEVEL, RESAMPLES
from frontier_search.frontier.judge import Body
from frontier_search.frontier.membership import members
from frontier_search.frontier.ownership import LOW_END, WHOLE, Ownership, Range
from frontier_search.frontier.settling import CORRECTED
from frontier_search.frontier.verdict import Finding
from frontier_search.reports import report_figures, words
from frontier_search.reports.chart import Scene
from frontier_search.reports.document import Block, Code, Figure, Heading, Paragraph, Table
from frontier_search.reports.figure import picture
from frontier_search.reports.tables import hyperparameters
from frontier_search.search.claim import TABLES, Claims
from frontier_search.search.search import Search
from frontier_search.search.sweep import origin
from frontier_search.storage.folder import SearchFolder
from frontier_search.trial import Trial, TrialState

RANGES = (LOW_END, WHOLE)
CONTEST = (
    9  # candidates at least: fewer are points that somebody picked, and who owns them says nothing
)
FEW_SEEDS = 5  # the study's own number
WINNERS = "The winner map: the reservoirs' share, with its interval, of the hypervolume that reservoirs and dense networks own together."
CEILING_ROWS, CEILING_SEEDS = (
    4000,
    5,
)  # training rows and seeds beyond which the other methods take minutes


@dataclass(frozen=True)
class Studied:
    """A search with its trials, and the commands that made it."""

    search: Search
    trials: Sequence[Trial]
    folder: SearchFolder
    command: str


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
        *_claims(claims, body, Body(pairs, FEW_SEEDS), level),
        *_owners(own, body, claims, level),
        *_published(own),
        Heading("Frontiers"),
        *(block for each in own if len(each.trials) > 1 for block in _frontier(each, level)),
        *_graphs(own),
        *_protocol(own),
        Heading("The commands that made this"),
        Code("\n".join(dict.fromkeys(each.command for each in studied))),
    ]


# ---- claims --------------------------------------------------------------------------------------------------------------------------


def _claims(claims: Claims, body: Body, few: Body, level: float) -> list[Block]:
    if not claims.claims:
        return []
    rows, parts = [], []
    for claim in claims.claims:
        answer, earlier = body.answer(claim, level), few.answer(claim)
        seeds = sorted({finding.n_seeds for finding in answer.findings if finding.n_seeds})
        rows.append(
            (
                str(claim.number),
                claim.text,
                str(earlier.verdict),
                str(answer.verdict),
                " to ".join(dict.fromkeys(map(str, seeds[:1] + seeds[-1:]))),
            )
        )
        parts += [
            _part(claim.number, part.words(), finding)
            for part, finding in zip(claim.parts, answer.findings, strict=True)
        ]
    return [
        Heading("The claims"),
        Paragraph(
            "A claim holds when each of its parts holds, and does not when one does not. A part holds when the whole interval of its paired "
            "difference (or share) lies on the claimed side. Nothing was tuned: the limits were written down before training."
        ),
        Table(
            ("", "claim", f"with {FEW_SEEDS} seeds", "with all seeds", "seeds"),
            tuple(rows),
            frozenset({4}),
        ),
        Heading("Part by part", 3),
        Table(
            (
                "",
                "statement",
                "verdict",
                "estimate",
                "interval",
                "means",
                "seeds",
                "more to settle",
                "from",
            ),
            tuple(parts),
            frozenset({3, 4, 6, 7}),
        ),
    ]


def _part(number: int, sentence: str, finding: Finding) -> tuple[str, ...]:
    sources = ", ".join(name for name in finding.sources if not origin(name)[1])
    interval, estimate = words.interval(finding.interval), words.number(finding.estimate)
    return (
        str(number),
        sentence,
        str(finding.verdict),
        estimate,
        interval,
        finding.detail,
        str(finding.n_seeds or ""),
        _more(finding),
        sources if len(sources) < 80 else "all searches",
    )


def _more(finding: Finding) -> str:
    """How many more seeds would settle a part."""
    if finding.n_seeds == 0:
        return ""
    if finding.more_seeds is None:
        return f"> {ENOUGH_SEEDS:,}"
    return str(finding.more_seeds) if finding.more_seeds else "settled"


# ---- owners --------------------------------------------------------------------------------------------------------------------------


def _owners(studied: Sequence[Studied], body: Body, claims: Claims, level: float) -> list[Block]:
    contests = {
        name: body.richest(name) for name in dict.fromkeys(each.search.dataset for each in studied)
    }
    owned = {
        dataset: {str(within): _ownership(body, evidence, within) for within in RANGES}
        for dataset, evidence in contests.items()
        if evidence is not None
        and len(evidence.candidates) >= CONTEST
        and len({candidate.family for candidate in evidence.candidates}) > 1
    }
    if not owned:
        return []
    rows = [
        row
        for dataset, ranges in owned.items()
        for part, owners in ranges.items()
        for row in _shares(dataset, part, owners, level)
    ]
    found: list[Block] = [
        Heading("Who owns the frontier"),
        Paragraph(
            "A family's share of the hypervolume is its share of the gain over the best constant prediction, at a parameter budget drawn at "
            "random on the logarithmic axis; its share of members is counted. Members are chosen on validation and valued on test."
        ),
        Table(
            ("dataset", "range", "family", "share of hypervolume", "share of members"),
            tuple(rows),
            frozenset({3, 4}),
        ),
    ]
    if {"reservoir", "dense"} <= set(claims.groups):
        first, second = claims.groups["reservoir"], claims.groups["dense"]
        contest = {
            dataset: {
                part: owners.between(first, second, level) if owners else None
                for part, owners in ranges.items()
            }
            for dataset, ranges in owned.items()
        }
        title = "reservoirs (blue) against dense (red): share of what both own"
        found.append(Figure("winners.png", report_figures.winners(contest, title), WINNERS))
    return found


def _shares(
    dataset: str, part: str, owners: Ownership | None, level: float
) -> list[tuple[str, ...]]:
    """A row a family that owns something in a range, the largest share first."""
    if owners is None:
        return [(dataset, part, "no such model", "", "")]
    shares = sorted(
        ((owners.of([family], level=level), family) for family in owners.families),
        key=lambda pair: -pair[0].value,
    )
    return [
        (
            dataset,
            part,
            family,
            words.share(share),
            words.share(owners.of([family], "members", level)),
        )
        for share, family in shares
        if share.value > 0.005 or share.interval.high > 0.05
    ]


def _ownership(body: Body, evidence: Evidence, within: Range) -> Ownership | None:
    return None if float(evidence.params.min()) > within.high else body.ownership(evidence, within)


# ---- published numbers ---------------------------------------------------------------------------------------------------------------


def _published(studied: Sequence[Studied]) -> list[Block]:
    """Every row of the study's tables beside what was measured here, where a search lists that point alone."""
    rows = []
    for row in csv.DictReader((TABLES / "published.csv").read_text().splitlines()):
        metric = "val_loss" if row["metric"] == "val_mse" else row["metric"]
        for each in studied:
            if each.search.dataset != row["dataset"] or not each.search.candidates:
                continue
            for trial in each.trials:
                if (
                    trial.state is TrialState.COMPLETE
                    and trial.candidate.family == row["family"]
                    and trial.candidate.hyperparameters["hidden"] == int(row["hidden"])
                ):
                    few, all_seeds = (
                        Spread.of(trial.per_seed(metric)[:n]) for n in (FEW_SEEDS, len(trial.seeds))
                    )
                    test = Spread.of(trial.per_seed(metric.replace("val", "test")))
                    theirs = (
                        row["table"],
                        row["dataset"],
                        f"{row['family']} {row['hidden']}",
                        row["effective_parameters"],
                    )
                    ours = (
                        words.spread(few),
                        words.spread(all_seeds),
                        words.spread(test),
                        str(all_seeds.n),
                        each.search.name,
                    )
                    rows.append((*theirs, row["metric"], row["value"], *ours))
    if not rows:
        return []
    columns = (
        "table",
        "dataset",
        "model",
        "params",
        "metric",
        "published",
        f"here, {FEW_SEEDS} seeds",
        "here, all seeds",
        "on test",
        "seeds",
        "search",
    )
    return [
        Heading("The published tables, trained again"),
        Table(columns, tuple(rows), frozenset({3, 5, 6, 7, 8, 9})),
    ]


# ---- frontiers -----------------------------------------------------------------------------------------------------------------------


def _frontier(studied: Studied, level: float) -> list[Block]:
    search, trials = studied.search, studied.trials
    found: list[Block] = [Heading(search.name, 3)]
    baselines = _ceiling(studied)
    try:
        scene = Scene.of(search, trials, ceiling=baselines)
    except SpecError as error:
        return [*found, Paragraph(str(error))]
    found.append(
        Figure(
            f"{search.name}.png",
            picture(scene),
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


def _ceiling(studied: Studied) -> tuple[Baseline, ...]:
    """The other methods on this search's first seeds, kept beside its report because they take seconds; none for a large dataset."""
    search, path = studied.search, studied.folder.report / "ceiling.json"
    seeds = search.seeds[:CEILING_SEEDS]
    if path.exists():
        kept = tuple(Baseline.from_json(one) for one in json.loads(path.read_text()))
        if kept and tuple(seed.seed for seed in kept[0].seeds) == seeds:
            return kept
    dataset = search.find_dataset()
    if len(dataset.split(seeds[0]).train) > CEILING_ROWS:
        return ()
    found = ceiling(dataset, seeds)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps([one.to_json() for one in found]).encode())
    return found


# ---- models and protocol -------------------------------------------------------------------------------------------------------------


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


# ---- words ---------------------------------------------------------------------------------------------------------------------------


def summary(content: Sequence[Block]) -> str:
    """The verdicts, one line a claim, for the terminal."""
    tables = [
        block for block in content if isinstance(block, Table) and block.columns[1] == "claim"
    ]
    return (
        "\n".join(f"{row[0]:>2}  {row[3]:32} {row[1]}" for table in tables for row in table.rows)
        or "no claim was asked about."
    )

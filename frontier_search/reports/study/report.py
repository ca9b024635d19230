"""The report on a study: its claims, the frontiers and their owners, the protocol, the commands."""

from __future__ import annotations

import json
from collections.abc import Sequence

from frontier_search.data.dataset import POPULATIONS
from frontier_search.frontier.interval import LEVEL
from frontier_search.frontier.judge import Body
from frontier_search.frontier.membership import DRAWS
from frontier_search.frontier.settling import CORRECTED
from frontier_search.reports import illustrations, words
from frontier_search.reports.blocks import (
    Block,
    Code,
    Contents,
    Figure,
    Heading,
    Paragraph,
    Table,
)
from frontier_search.reports.formulas import RESERVOIR
from frontier_search.reports.study import answer as study_answer
from frontier_search.reports.study import budgets as study_budgets
from frontier_search.reports.study import certificates as study_certificates
from frontier_search.reports.study import claims as study_claims
from frontier_search.reports.study import frontiers as study_frontiers
from frontier_search.reports.study import making as study_making
from frontier_search.reports.study import owners as study_owners
from frontier_search.reports.study import published as study_published
from frontier_search.reports.study import rivals as study_rivals
from frontier_search.reports.study.claims import Studied
from frontier_search.reports.study.remarks import Remarks
from frontier_search.search.claim import Claims
from frontier_search.search.sweep import origin


def blocks(
    studied: Sequence[Studied],
    claims: Claims,
    settled: bool,
    remarks: Remarks = Remarks(),  # noqa: B008  frozen
    command: str = "frontier-search report",
) -> list[Block]:
    """Returns the whole report.

    Args:
        studied: the searches, those of later rounds with more seeds among them.
        claims: the claims to judge.
        settled: whether seeds were added until the claims were decided. Intervals then have the
            level that is corrected for several rounds.
        remarks: what a person wrote about it.
        command: the one that writes the report.

    Raises:
        SpecError: a remark is about a claim or a number that the report lacks.
    """
    level = CORRECTED if settled else LEVEL
    body = Body((each.search, each.trials) for each in studied)
    own = [each for each in studied if not origin(each.search.name)[1]]
    rows = study_published.repeated(own)
    remarks.check([claim.number for claim in claims.claims], [row.name for row in rows])
    judged = body.answers(claims.claims, level)
    owned = study_owners.owned(own, body, claims)
    return [
        *study_answer.answer(own, judged, owned, level),
        Contents(),
        *_how_to_read(own, level),
        *study_claims.claims(judged, level),
        *remarks.about_claims(),
        *study_budgets.claims(claims, own, body, level),
        *study_budgets.reached(own, body),
        *study_owners.owners(owned, level),
        *study_rivals.rivals(own),
        *study_published.published(rows, remarks),
        *study_published.fitted(own),
        *remarks.free(),
        Heading("Frontiers"),
        *(
            block
            for each in study_frontiers.shown(studied)
            for block in study_frontiers.frontier(each, level)
        ),
        *study_certificates.certificates(studied),
        *_graphs(own),
        *_protocol(own),
        *study_making.making(studied, command),
    ]


def _how_to_read(own: Sequence[Studied], level: float) -> list[Block]:
    return [
        Heading("How to read this"),
        Paragraph(
            "Which families of models own the frontier between loss and learned parameters, and "
            "how sure are we? Frontiers are chosen on validation rows and reported on test rows. "
            "Verdicts and shares speak of the typical seed, and their intervals are exact. Those "
            f"of mean losses are Student's at {level:.4g}: they describe, and decide nothing. A "
            f"chance on the frontier comes from {DRAWS:,} draws. {words.CHANCE}"
        ),
        *_populations(own),
    ]


def _populations(studied: Sequence[Studied]) -> list[Block]:
    """Returns what an interval over seeds speaks of, dataset by dataset."""
    names: dict[str, list[str]] = {}
    for name, search in {each.search.dataset: each.search for each in studied}.items():
        names.setdefault(POPULATIONS[search.find_dataset().population], []).append(name)
    return [
        Table(
            ("datasets", "it speaks of"),
            tuple((", ".join(listed), population) for population, listed in names.items()),
            "What an interval over seeds speaks of, and what a chance predicts.",
        ),
    ]


# ---- models and protocol -----------------------------------------------------------------------


def _graphs(studied: Sequence[Studied]) -> list[Block]:
    """Returns drawings of a reservoir and of the fixed graphs; nothing if no family has a graph."""
    families = list(dict.fromkeys(family for each in studied for family in each.search.spaces))
    drawn = illustrations.graphs(families)
    if drawn is None:
        return []
    *smaller, largest = map(str, illustrations.GRAPH_UNITS)
    caption = (
        f"Which unit listens to which, one column for each distinct fixed graph (of seed "
        f"{illustrations.GRAPH_SEED}), with {', '.join(smaller)} and {largest} units. Below: "
        f"eigenvalues of the largest, scaled to a spectral radius of 1."
    )
    learned = "A reservoir: only the coloured boxes are learned."
    return [
        Heading("The models"),
        Figure("recurrence", illustrations.recurrence(), learned),
        RESERVOIR,
        Figure("graphs", drawn, caption),
    ]


def _protocol(studied: Sequence[Studied]) -> list[Block]:
    """Returns how the models of each search were trained, and the spaces that were searched."""
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
    rows = tuple(_settings(each) for each in studied)
    spaces = dict.fromkeys(  # each once, whatever the number of searches with it
        "\n".join(f"{name}: {json.dumps(space.to_spec())}" for name, space in each.search.families)
        for each in studied
    )
    return [
        Heading("The protocol"),
        Paragraph(
            "A seed decides the rows, the first weights, the random graphs and the order of the "
            "minibatches, the same for every candidate. Training is AdamW without weight decay "
            "unless a family has one. The epoch that is reported is chosen on validation."
        ),
        Table(
            columns,
            rows,
            "How the models of each search were trained.",
            frozenset({2, 3, 4, 5, 8}),
        ),
        Heading("Spaces", 3),
        *(Code(space) for space in spaces),
    ]


def _settings(studied: Studied) -> tuple[str, ...]:
    search = studied.search
    return (
        search.name,
        search.dataset,
        str(len(search.seeds)),
        f"{search.trials} listed" if search.candidates else str(search.trials),
        ", ".join(map(str, search.reported)),
        str(search.batch_size),
        search.select,
        "" if search.candidates else search.sampler,
        str(sum(trial.state.finished for trial in studied.trials)),
        search.fingerprint(),
    )


# ---- words -------------------------------------------------------------------------------------


def summary(content: Sequence[Block]) -> str:
    """Returns the verdicts of a report for the terminal, a line a claim."""
    verdicts = [
        f"{number:>2}  {verdict:34} {won:18} {text}"
        for table in content
        if isinstance(table, Table) and "corrected verdict" in table.columns
        for number, text, _, verdict, won, _ in table.rows
    ]
    return "\n".join(verdicts) or "no claim was asked about."

"""The mirror of a search in MLflow: one experiment a search, one parent run for it, one child run a trial.

It is made from the storage alone, any number of times, and adds only what is missing. Runs are found by our own tag ``uid`` before they
are created, because MLflow would make a second one without a word; of a run that was created and not completed, the rest is logged
again, which MLflow takes as the same. Only finished trials have runs, so nothing of an interrupted search is left RUNNING.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from frontier_search.errors import SearchError
from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.hypervolume import (
    Hypervolume,
    curve_counts,
    in_finished_cohorts,
)
from frontier_search.frontier.membership import members
from frontier_search.mirror import payload
from frontier_search.mirror.client import Client, KnownRun
from frontier_search.reports import tables
from frontier_search.reports.chart import Chart
from frontier_search.reports.figures import html
from frontier_search.storage.catalog import Entry
from frontier_search.storage.reader import TrialReader
from frontier_search.trial import Trial

PAGE_EVERY_S = 10.0  # between two drawings of the frontier's page while the search is live
HYPERVOLUME = "hypervolume"


class Mirror:
    """Brings MLflow up to date with one search's storage.

    Args:
        entry: the search, its storage and its tracking URI.

    Attributes:
        experiment_id, parent_run_id: where MLflow has the search, once there was a turn.

    Raises:
        SearchError: the storage cannot be opened.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.experiment_id = self.parent_run_id = ""
        self.client = Client(entry)
        self._objectives = entry.search.objective_table()
        self._history = TrialReader(entry)
        self._known: dict[str, KnownRun] | None = None  # None: look at what MLflow holds first
        self._seen: tuple[int, bool] | None = (
            None  # how many trials were finished, and whether the search was live, at the last turn
        )
        self._curve: set[int] = set()
        self._drawn_at = -PAGE_EVERY_S
        self._id = uuid.uuid4().hex

    def sync(self, live: bool | None = None) -> int:
        """One turn: logs what is missing.

        Args:
            live: whether the search is running; None looks whether a process holds it.

        Returns:
            how many runs were created or changed.

        Raises:
            SpecError: MLflow has an experiment of this name that is not this search's.
            SearchError: MLflow refused, did not answer, or answered with an error; the next turn goes on from there.
        """
        with self._turn():
            trials = self._history.trials()
            spent = self._history.is_spent(trials)
            if live is None:
                live = self.entry.folder.holder() is not None and not spent
            seen = (sum(trial.state.finished for trial in trials), live)
            if self._known is not None and seen == self._seen:
                return 0
            # after an error the next turn looks again: a request may have been carried out though its answer was lost
            known, self._known = self._known, None
            try:
                known = self._look() if known is None else known
                self._sync(known, trials, live, spent)
            except (MlflowException, SQLAlchemyError, OSError) as error:
                words = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
                raise SearchError(
                    f"MLflow at {self.client.uri} cannot be brought up to date: {words}"
                ) from error
            self._known, self._seen = known, seen
            return sum(run.changed for run in known.values())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One process mirrors a search at a time; whoever comes after another looks at MLflow again."""
        with (self.entry.folder.path / "mirror.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if file.read() != self._id:
                self._known = None
                file.truncate(0)
                file.write(self._id)
                file.flush()
            yield

    def _look(self) -> dict[str, KnownRun]:
        self.experiment_id = self.client.find_experiment()
        known = self.client.find_runs(self.experiment_id)
        parent = known.get(self.entry.search.name)
        self._curve = self.client.steps(parent, HYPERVOLUME) if parent else set()
        return known

    def _sync(
        self, known: dict[str, KnownRun], trials: list[Trial], live: bool, spent: bool
    ) -> None:
        for run in known.values():
            run.changed = False
        frontier = self._history.frontier(trials)
        numbers = frontier.numbers()
        parent = self._mirror_search(known, trials)
        for trial in trials:
            if trial.state.finished:
                self._mirror_trial(known, trial, trial.number in numbers)
        self._log_curve(parent, trials, ended=spent and not live)
        self._draw(parent, trials, frontier, live)
        if not live:
            self._log_models(known, frontier)
        ends = [payload.milliseconds(trial.finished_at) for trial in trials if trial.state.finished]
        self.client.set_status(
            parent,
            "RUNNING" if live else "FINISHED" if spent else "KILLED",
            max(ends, default=None),
        )

    # ---- the parent run -------------------------------------------------------------------------

    def _mirror_search(self, known: dict[str, KnownRun], trials: Sequence[Trial]) -> KnownRun:
        search, tags = self.entry.search, payload.search_tags(self.entry.search)
        if search.name not in known:
            start = min(
                (trial.started_at for trial in trials if trial.started_at is not None),
                default=time.time(),
            )
            known[search.name] = self.client.create(
                self.experiment_id, search.name, payload.milliseconds(start), tags
            )
        parent = known[search.name]
        self.parent_run_id = parent.run_id
        if (
            payload.DESCRIBED not in parent.tags
        ):  # each step may be repeated after a crash between two of them
            self.client.log(parent, {}, 0, payload.search_params(search))
            self.client.log_file(parent, "search.yaml", search.to_yaml())
            self.client.log_dataset(parent, payload.dataset(search))
        self.client.tag(parent, tags | {payload.DESCRIBED: "true"})
        return parent

    def _log_curve(self, parent: KnownRun, trials: Sequence[Trial], ended: bool) -> None:
        settled = in_finished_cohorts(trials)
        wanted = [
            step
            for step in curve_counts(len(settled), self.entry.search.trials, ended)
            if step not in self._curve
        ]
        if not wanted:
            return
        ends = [payload.milliseconds(trial.finished_at) for trial in settled]
        values = Hypervolume(settled, self._objectives).curve(wanted)
        self.client.log_curve(
            parent, HYPERVOLUME, {step: (value, max(ends[:step])) for step, value in values.items()}
        )
        self._curve |= set(wanted)

    def _draw(
        self, parent: KnownRun, trials: Sequence[Trial], frontier: Frontier, live: bool
    ) -> None:
        """The frontier as table and page: when the members have changed, and once more at the end, with every trial."""
        if not frontier.members:
            return
        digest = hashlib.sha256(
            json.dumps([trial.uid for trial in frontier.members]).encode()
        ).hexdigest()[:12]
        wanted = f"{digest} after {sum(trial.state.finished for trial in trials)} trials"
        drawn = parent.tags.get(payload.DRAWN, "")
        recent = time.monotonic() - self._drawn_at < PAGE_EVERY_S
        if wanted == drawn or (live and (recent or drawn.startswith(digest))):
            return
        self._drawn_at = time.monotonic()
        found = members(trials, self._objectives)
        self.client.log_file(parent, "frontier.json", json.dumps(payload.frontier_rows(found)))
        self.client.log_file(
            parent, "frontier.csv", tables.as_csv([member.to_json() for member in found])
        )
        self.client.log_file(
            parent, "frontier.html", html.page(Chart.of(self.entry.search, trials))
        )
        self.client.tag(parent, {payload.DRAWN: wanted})

    # ---- the child runs -------------------------------------------------------------------------

    def _mirror_trial(self, known: dict[str, KnownRun], trial: Trial, member: bool) -> None:
        child = known.get(trial.uid)
        if child is None:
            tags = payload.trial_tags(trial, self.parent_run_id, member)
            name, start = (
                f"{trial.number} {trial.candidate.family}",
                payload.milliseconds(trial.started_at),
            )
            child = known[trial.uid] = self.client.create(self.experiment_id, name, start, tags)
        if child.status == "RUNNING":
            end = payload.milliseconds(trial.finished_at)
            self.client.log(child, payload.trial_metrics(trial), end, payload.trial_params(trial))
            self.client.set_status(child, payload.run_status(trial), end)
        if child.tags.get(payload.MEMBER) != str(member).lower():
            self._mark(child, trial, member)

    def _mark(self, child: KnownRun, trial: Trial, member: bool) -> None:
        """A trial joins the frontier, or leaves it for good and its model goes."""
        model_id = child.tags.get(payload.MODEL, payload.NO_MODEL)
        if not member and not model_id.startswith(payload.NO_MODEL):
            self.client.discard_model(model_id)
            self.client.tag(child, {payload.MODEL: payload.LEFT})
        self.client.tag(child, payload.member_tags(trial, member))

    def _log_models(self, known: dict[str, KnownRun], frontier: Frontier) -> None:
        wanting = [
            trial
            for trial in frontier.members
            if known[trial.uid]
            .tags.get(payload.MODEL, payload.NO_MODEL)
            .startswith(payload.NO_MODEL)
        ]
        kept = self.entry.files.models.numbers() if wanting else set()
        for trial in wanting:
            child = known[trial.uid]
            found = payload.NO_WEIGHTS
            if trial.number in kept:
                from frontier_search.mirror import (
                    models,
                )  # torch loads here: a mirror that has no model to log does without

                found = models.log(
                    self.client.mlflow, self.experiment_id, child.run_id, self.entry, trial
                )
            self.client.tag(child, {payload.MODEL: found})

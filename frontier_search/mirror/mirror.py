"""Brings MLflow up to date with a search.

A search is an experiment with one parent run, and a child run for each finished trial. Everything
is read from the storage. A sync adds only what is missing, so it can be repeated any number of
times.

Runs are found by our own tag ``uid`` before they are created, because MLflow would silently create
a second one. If a run was created but not completed, everything in it is logged again, which
changes nothing that is there already. Only finished trials have runs, so no run of an interrupted
search stays RUNNING.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from frontier_search.errors import SearchError
from frontier_search.export import certificate
from frontier_search.frontier.frontier import Frontier
from frontier_search.frontier.hypervolume import (
    Hypervolume,
    curve_counts,
    in_finished_cohorts,
)
from frontier_search.frontier.membership import members
from frontier_search.mirror import notes, payload
from frontier_search.mirror.client import Client, KnownRun
from frontier_search.mirror.transaction import WholeRun
from frontier_search.reports import figures, tables
from frontier_search.reports.chart import Chart
from frontier_search.reports.drawing import draw
from frontier_search.reports.figures import html
from frontier_search.storage import references
from frontier_search.storage.catalog import Entry
from frontier_search.storage.reader import TrialReader
from frontier_search.trial import Trial

PAGE_EVERY_S = 10.0  # between two versions of the frontier's page while the search is live
HYPERVOLUME = "hypervolume"
LEAST_CHANCE = 0.005  # of membership; a smaller one is shown as 0.00
GAIN, CHANCE = "hypervolume_gain", "chance_of_more"  # of the last cohort, and of a further gain


class Mirror:
    """Brings MLflow up to date with one search's storage.

    Args:
        entry: the search, its storage and its tracking URI.
        say: is called with the progress of a sync, e.g. "40 of 96 trials".

    Attributes:
        experiment_id, parent_run_id: of the search in MLflow; empty before the first sync.

    Raises:
        SearchError: the storage cannot be opened.
    """

    def __init__(self, entry: Entry, say: Callable[[str], None] = lambda words: None) -> None:
        self.entry, self._say = entry, say
        self.experiment_id = self.parent_run_id = ""
        self.client = Client(entry)
        self._objectives = entry.search.objective_table()
        self._colours = payload.family_colours(entry.search)
        self._reader = TrialReader(entry)
        # what MLflow holds, by uid; None: it must be read first
        self._runs: dict[str, KnownRun] | None = None
        # the number of finished trials, and `live`, of the last sync
        self._mirrored: tuple[int, bool] | None = None
        self._logged_steps: set[int] = set()  # of the hypervolume
        self._drawn_at = -PAGE_EVERY_S
        self._id = uuid.uuid4().hex  # of this mirror in mirror.lock

    def sync(self, live: bool | None = None) -> int:
        """Logs what is missing in MLflow.

        Args:
            live: whether the search is running. If None, it is running if a process holds its lock
                and its budget is not used up.

        Returns:
            how many runs were created or changed.

        Raises:
            SpecError: the experiment of this name in MLflow is not this search's.
            SearchError: MLflow refused, did not answer, or answered with an error. The next sync
                continues there.
        """
        with self._locked():
            trials = self._reader.trials()
            spent = self._reader.is_spent(trials)
            if live is None:
                live = self.entry.folder.holder() is not None and not spent
            state = (sum(trial.state.finished for trial in trials), live)
            if self._runs is not None and state == self._mirrored:
                return 0
            # None until this sync succeeds: after an error the next one reads what MLflow holds,
            # because a request may have been carried out although its answer was lost
            runs, self._runs = self._runs, None
            try:
                runs = self._read_mlflow() if runs is None else runs
                self._log_missing(runs, trials, live, spent)
            except (MlflowException, SQLAlchemyError, OSError) as error:
                words = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
                raise SearchError(
                    f"MLflow at {self.client.uri} cannot be brought up to date: {words}"
                ) from error
            self._runs, self._mirrored = runs, state
            return sum(run.changed for run in runs.values())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Holds the lock of the search's mirror inside the ``with`` block.

        If another mirror held it since the last sync, what MLflow holds must be read again.
        """
        with (self.entry.folder.path / "mirror.lock").open("a+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            if file.read() != self._id:
                self._runs = None
                file.truncate(0)
                file.write(self._id)
                file.flush()
            yield

    def _read_mlflow(self) -> dict[str, KnownRun]:
        """Finds or creates the experiment, and returns its runs by uid."""
        self.experiment_id = self.client.find_experiment()
        runs = self.client.find_runs(self.experiment_id)
        parent = runs.get(self.entry.search.name)
        self._logged_steps = self.client.steps(parent, HYPERVOLUME) if parent else set()
        return runs

    def _log_missing(
        self, runs: dict[str, KnownRun], trials: list[Trial], live: bool, spent: bool
    ) -> None:
        for run in runs.values():
            run.changed = False
        frontier = self._reader.frontier(trials)
        numbers = frontier.numbers()
        parent = self._mirror_search(runs, trials)
        finished = [trial for trial in trials if trial.state.finished]
        self._mirror_trials(runs, finished, numbers)
        self._log_curve(parent, trials, ended=spent and not live)
        self._draw(runs, trials, frontier, live)
        if not live:
            self._log_models(runs, frontier)
        self._log_certificates(runs, trials)
        ends = [payload.milliseconds(trial.finished_at) for trial in trials if trial.state.finished]
        self.client.set_status(
            parent,
            "RUNNING" if live else "FINISHED" if spent else "KILLED",
            max(ends, default=None),
        )

    def _log_certificates(self, runs: dict[str, KnownRun], trials: Sequence[Trial]) -> None:
        """Logs the certificates of members that were exported, each with its numbers as tags."""
        uids = {trial.number: trial.uid for trial in trials if trial.state.finished}
        for each in certificate.kept(self.entry.folder.certificates):
            run, tags = runs[uids[each["model"]["trial"]]], payload.certificate_tags(each)
            if payload.different(tags, run.tags):
                name = f"certificate-{each['model']['target']}.json"
                self.client.log_file(run, name, json.dumps(each, indent=1))
                self.client.tag(run, tags)

    # ---- the parent run -------------------------------------------------------------------------

    def _mirror_search(self, runs: dict[str, KnownRun], trials: Sequence[Trial]) -> KnownRun:
        search, tags = self.entry.search, payload.search_tags(self.entry.search)
        if search.name not in runs:
            start = min(
                (trial.started_at for trial in trials if trial.started_at is not None),
                default=time.time(),
            )
            runs[search.name] = self.client.create(
                self.experiment_id, search.name, payload.milliseconds(start), tags
            )
        parent = runs[search.name]
        self.parent_run_id = parent.run_id
        if payload.DESCRIBED not in parent.tags:  # a crash between two of these steps repeats them
            self.client.log_params(parent, payload.search_params(search))
            self.client.log_file(parent, "search.yaml", search.to_yaml())
            self.client.log_dataset(parent, payload.dataset(search))
        self.client.tag(parent, tags | {payload.DESCRIBED: "true"})
        return parent

    def _log_curve(self, parent: KnownRun, trials: Sequence[Trial], ended: bool) -> None:
        counted = in_finished_cohorts(trials)
        wanted = [
            step
            for step in curve_counts(len(counted), self.entry.search.trials, ended)
            if step not in self._logged_steps
        ]
        if not wanted:
            return
        ends = [payload.milliseconds(trial.finished_at) for trial in counted]
        volume, chances = Hypervolume(counted, self._objectives), self._reader.chances()
        chance = {k: chances.get(counted[k - 1].cohort) for k in wanted}
        curves = {
            GAIN: volume.gains(wanted),
            CHANCE: {k: value for k, value in chance.items() if value is not None},
            HYPERVOLUME: volume.curve(wanted),  # last: what it has is logged
        }
        for name, values in curves.items():
            points = {step: (value, max(ends[:step])) for step, value in values.items()}
            if points:
                self.client.log_curve(parent, name, points)
        self._logged_steps |= set(wanted)

    def _draw(
        self, runs: dict[str, KnownRun], trials: Sequence[Trial], frontier: Frontier, live: bool
    ) -> None:
        """Logs the frontier as a table, as a page, as a picture and in words.

        It does so when the members have changed, and once more at the end with every trial, what
        the members get wrong, and how likely trials are to be members.
        """
        search = self.entry.search
        parent = runs[search.name]
        if not frontier.members:
            return
        digest = hashlib.sha256(
            json.dumps([trial.uid for trial in frontier.members]).encode()
        ).hexdigest()[:12]
        wanted = f"{digest} after {sum(trial.state.finished for trial in trials)} trials"
        wanted += " so far" if live else ""
        drawn = parent.tags.get(payload.DRAWN, "")
        recent = time.monotonic() - self._drawn_at < PAGE_EVERY_S
        if wanted == drawn or (live and (recent or drawn.startswith(digest))):
            return
        self._drawn_at = time.monotonic()
        found = members(trials, self._objectives)
        self.client.log_file(parent, "frontier.json", json.dumps(payload.frontier_rows(found)))
        beside = references.read(self.entry.folder)
        listed = tables.frontier(found, self._objectives, "val", "csv", beside)
        self.client.log_file(parent, "frontier.csv", listed)
        chart = figures.chart_of(self.entry, trials, mistaken=not live)
        if not live:
            self._mark_chances(runs, chart)
        picture = draw(chart, "svg").decode()
        self.client.log_file(parent, notes.PICTURE, picture)
        self.client.log_file(parent, "frontier.html", html.page(chart, picture))
        note = notes.experiment(search, self.experiment_id, parent.run_id, found, self._objectives)
        self.client.describe(self.experiment_id, note)
        words = notes.parent(search, found, self._objectives)
        self.client.tag(parent, {payload.NOTE: words, payload.DRAWN: wanted})

    def _mark_chances(self, runs: dict[str, KnownRun], chart: Chart) -> None:
        """Tags the trials that may be members on fresh seeds with how likely that is."""
        marked = []
        for point in chart.panels[0].points:
            child = runs[point.trial.uid]
            if point.chance is not None and (
                point.member or point.chance >= LEAST_CHANCE or payload.CHANCE in child.tags
            ):
                marked.append((child, {payload.CHANCE: f"{point.chance:.2f}"}))
        self.client.tag_all(marked)

    # ---- the child runs -------------------------------------------------------------------------

    def _mirror_trials(
        self, runs: dict[str, KnownRun], finished: Sequence[Trial], members: Collection[int]
    ) -> None:
        """Adds the runs that are missing, and brings those that are there up to date.

        Args:
            members: numbers of the trials on the frontier.
        """

        def whole(trial: Trial) -> WholeRun:
            member = trial.number in members
            return WholeRun.of(trial, self.parent_run_id, member, self._colours)

        known = [trial for trial in finished if trial.uid in runs]
        new = [trial for trial in finished if trial.uid not in runs]
        for trial in known:
            child, member = runs[trial.uid], trial.number in members
            if child.status == "RUNNING":  # a process died while it logged the run
                self.client.complete(child, whole(trial))
            if child.tags.get(payload.MEMBER) != str(member).lower():
                self._mark(child, trial, member)
        size = self.client.runs_at_once
        for start in range(0, len(new), size):
            some = new[start : start + size]
            added = self.client.add(self.experiment_id, [whole(trial) for trial in some])
            runs |= zip((trial.uid for trial in some), added, strict=True)
            self._say(f"{len(known) + start + len(some)} of {len(finished)} trials")

    def _mark(self, child: KnownRun, trial: Trial, member: bool) -> None:
        """Marks a trial as a member, or as none: then its model is deleted.

        A trial that leaves the frontier never joins it again.
        """
        model_id = child.tags.get(payload.MODEL, payload.NO_MODEL)
        if not member and not model_id.startswith(payload.NO_MODEL):
            self.client.discard_model(model_id)
            self.client.tag(child, {payload.MODEL: payload.LEFT_FRONTIER})
        self.client.tag(child, payload.member_tags(trial, member, self._colours))

    def _log_models(self, runs: dict[str, KnownRun], frontier: Frontier) -> None:
        without = [
            trial
            for trial in frontier.members
            if runs[trial.uid]
            .tags.get(payload.MODEL, payload.NO_MODEL)
            .startswith(payload.NO_MODEL)
        ]
        kept = self.entry.files.models.numbers() if without else set()
        for count, trial in enumerate(without, 1):
            self._say(f"all trials, {count} of {len(without)} models of the frontier")
            child = runs[trial.uid]
            found = payload.NO_WEIGHTS
            if trial.number in kept:
                # imported here, because few syncs log a model
                from frontier_search.mirror import models

                found = models.log(
                    self.client.mlflow, self.experiment_id, child.run_id, self.entry, trial
                )
            self.client.tag(child, {payload.MODEL: found})

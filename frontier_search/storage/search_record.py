"""One search in a storage: an Optuna study, which only a session writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from frontier_search.errors import SpecError, ignoring
from frontier_search.sampling.optuna_internals import stored_id
from frontier_search.sampling.proposal import Proposal
from frontier_search.search.search import Search
from frontier_search.storage import records
from frontier_search.trial import Outcome, Trial, TrialState


class SearchRecord:
    """The trials of one search, and what belongs to the search as a whole.

    Args:
        search: creates the study of its name when there is none.
        store: an Optuna storage, opened for writing.

    Raises:
        SpecError: the storage holds another search of this name.
    """

    def __init__(self, search: Search, store: BaseStorage) -> None:
        self._name, self._objectives, self._store = search.name, search.objective_table(), store
        self._study_id = _study_of(search, store)
        self._trial_ids: list[int] = []  # Optuna's ids, by trial number

    # ---- trials ----------------------------------------------------------------------------------

    def load(self) -> Iterator[tuple[Trial, FrozenTrial]]:
        """Yields every stored trial by number, with its Optuna form for the sampler."""
        for frozen in self._store.get_all_trials(self._study_id, deepcopy=False):
            self._trial_ids.append(stored_id(frozen))
            yield records.read(frozen, self._objectives), frozen

    def add(self, proposal: Proposal, cohort: int, size: Mapping[str, int]) -> Trial:
        """Writes a proposal as a running trial, with what its sampler noted on the study.

        Args:
            cohort: the index of its cohort.
            size: what is known before training.
        """
        for key, value in proposal.study_attributes.items():
            self._store.set_study_system_attr(self._study_id, records.SAMPLER + key, value)
        uid = f"{self._name}/{proposal.number}"
        template = records.template(proposal, uid, cohort, size)
        self._trial_ids.append(self._store.create_new_trial(self._study_id, template))
        return self._read(proposal.number)

    def finish(
        self, number: int, outcome: Outcome, losses: Sequence[float] | None, reason: str | None
    ) -> Trial:
        """Writes the outcome of a running trial, which becomes complete, pruned or failed.

        Args:
            losses: the minimised objectives, or None for a trial that failed.
            reason: why it failed or was stopped, or None.
        """
        trial_id = self._trial_ids[number]
        self._store.set_trial_user_attr(trial_id, records.OUTCOME, outcome.to_json())
        if reason is not None:
            self._store.set_trial_user_attr(trial_id, records.REASON, reason)
        whole = TrialState.COMPLETE if outcome.stopped is None else TrialState.PRUNED
        state = whole if losses is not None else TrialState.FAIL
        self._store.set_trial_state_values(trial_id, records.OPTUNA_STATES[state], losses)
        return self._read(number, outcome)

    def _read(self, number: int, outcome: Outcome | None = None) -> Trial:
        frozen = self._store.get_trial(self._trial_ids[number])
        return records.read(frozen, self._objectives, outcome)

    # ---- the search as a whole -------------------------------------------------------------------

    def sampler_attributes(self) -> dict[str, Any]:
        """Returns the study attributes of all proposals so far, which samplers need again."""
        stored, prefix = self._store.get_study_system_attrs(self._study_id), records.SAMPLER
        return {
            key.removeprefix(prefix): value
            for key, value in stored.items()
            if key.startswith(prefix)
        }

    def chances(self) -> dict[int, float]:
        """Returns, by cohort, the chance that it adds to the hypervolume, as far as written."""
        return records.chances(self._store.get_study_user_attrs(self._study_id))

    def write_chance(self, cohort: int, chance: float) -> None:
        """Writes the chance that a cohort adds to the hypervolume."""
        self._store.set_study_user_attr(self._study_id, f"{records.CHANCE}{cohort}", chance)

    def agreements(self) -> list[float | None]:
        """Returns how far each warm start agreed when that was last written; none if it never was.

        See ``Proposer.agreements``.
        """
        return records.agreements(self._store.get_study_user_attrs(self._study_id))

    def write_agreements(self, found: Sequence[float | None]) -> None:
        """Writes how far each warm start agrees with the search's own trials."""
        self._store.set_study_user_attr(self._study_id, records.AGREEMENTS, list(found))

    @property
    def elapsed_s(self) -> float:
        """Seconds that the search had been live when this was last written; 0 when it never was."""
        return stored_elapsed_s(self._store, self._study_id)

    def write_elapsed(self, elapsed_s: float) -> None:
        """Writes how many seconds the search has been live."""
        self._store.set_study_user_attr(self._study_id, records.ELAPSED, elapsed_s)


def stored_elapsed_s(store: BaseStorage, study_id: int) -> float:
    """Returns the seconds that a search had been live when this was last written, or 0."""
    return float(store.get_study_user_attrs(study_id).get(records.ELAPSED, 0.0))


def _study_of(search: Search, store: BaseStorage) -> int:
    """Returns the id of the study of a search, which is created when it is missing.

    Two processes that create it at the same time get the same study.

    Raises:
        SpecError: the study belongs to a search with another fingerprint.
    """
    try:
        study_id = store.get_study_id_from_name(search.name)
    except KeyError:
        directions = [StudyDirection.MINIMIZE] * len(search.objective_table())
        try:
            study_id = store.create_new_study(directions, search.name)
        except optuna.exceptions.DuplicatedStudyError:
            study_id = store.get_study_id_from_name(search.name)
    fingerprint = store.get_study_user_attrs(study_id).get(records.FINGERPRINT)
    if fingerprint not in (None, search.fingerprint()):
        raise SpecError(
            f"the storage holds another search named {search.name!r} (fingerprint {fingerprint}); "
            "choose another --name."
        )
    if fingerprint is None:
        _name_objectives(search, store)
        store.set_study_user_attr(study_id, records.SEARCH, search.to_spec())
        store.set_study_user_attr(study_id, records.FINGERPRINT, search.fingerprint())
    return study_id


def _name_objectives(search: Search, store: BaseStorage) -> None:
    """Names the values of the study, for tools that read it; what is maximised is negated."""
    names = [
        each.name if each.direction == "minimise" else f"-{each.name}"
        for each in search.objective_table()
    ]
    with ignoring(optuna.exceptions.ExperimentalWarning):  # since version 3.2
        optuna.load_study(study_name=search.name, storage=store).set_metric_names(names)

"""A member of a frontier, which predicts the raw rows of the user's own table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.export.emitters import has_emitter, plan
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import FLOAT, in_format, numbers_in
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.family import Architecture
from frontier_search.storage import catalog, raw_rows
from frontier_search.storage.catalog import Entry
from frontier_search.table import predictions, sequences
from frontier_search.table.options import TableOptions
from frontier_search.table.preprocessing import Preprocessing
from frontier_search.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class MemberModel:
    """The model of a member's median seed.

    Attributes:
        trial: the member.
        seed: whose model it is.
        weights: (P,) learned scalars.
        training_rows: (n, d), which decide the scales of a member in integers; else none.
        largest: what was kept of these rows in their place, see ``IntegerPlan``; else empty.
    """

    trial: Trial
    seed: int
    architecture: Architecture
    weights: NDArray[np.float32]
    n_outputs: int
    training_rows: NDArray[np.float32]
    largest: tuple[float, ...] = ()

    @staticmethod
    def of(entry: Entry, trial: Trial, n_outputs: int | None = None) -> MemberModel:
        """Opens the model of a member.

        Args:
            n_outputs: where they are known without the dataset.

        Raises:
            SpecError: the model was not kept, or the dataset's file is needed and is missing or has
                changed.
        """
        search, position = entry.search, trial.median_seed()
        seed = search.seeds[position]
        weights = entry.files.models.require(trial.number, search.name)
        training_rows = np.empty((0, 0), dtype=np.float32)
        whole = numbers_in(trial.candidate.hyperparameters) != FLOAT
        largest = raw_rows.largest(entry.folder).get(trial.number, ()) if whole else ()
        is_scaled_anew = whole and not largest
        if n_outputs is None or is_scaled_anew:
            dataset = search.find_dataset()
            n_outputs = dataset.n_outputs
            training_rows = dataset.split(seed).train.x if is_scaled_anew else training_rows
        return MemberModel(
            trial,
            seed,
            search.architecture(trial.candidate),
            weights[position],
            n_outputs,
            training_rows,
            largest,
        )

    def plain_plan(self, n_inputs: int) -> Plan:
        """Returns the arithmetic of the model in float32.

        Raises:
            SpecError: its family has no emitter, or the weights are not those of its architecture.
        """
        scalars = Scalars(self.weights)
        return plan(self.architecture, scalars, self.seed, n_inputs, self.n_outputs)

    def plan(self, n_inputs: int) -> Plan | IntegerPlan:
        """Returns the arithmetic of the model in its number format; raises as ``plain_plan``."""
        numbers = numbers_in(self.trial.candidate.hyperparameters)
        return in_format(self.plain_plan(n_inputs), self.training_rows, numbers, self.largest)

    def outputs(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns the outputs (n, o) of scaled rows (n, d): logits, where there are classes."""
        if numbers_in(self.trial.candidate.hyperparameters) != FLOAT:
            return self.plan(x.shape[1]).run(x)
        return self.float_outputs(x)

    def float_outputs(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Returns what it gave in training, before a format of integers rounded it.

        NumPy computes it where it can, so that torch is not loaded.
        """
        if has_emitter(self.architecture):
            return self.plain_plan(x.shape[1]).run(x)
        from frontier_search.training.outputs import outputs  # torch loads here

        return outputs(self.architecture, self.seed, self.weights, x, self.n_outputs)


def keep(entry: Entry) -> None:
    """Writes what the members of a search need to take raw rows when its table has gone.

    Raises:
        OSError: the folder cannot be written.
    """
    raw_rows.keep(entry.search, entry.folder)
    known = raw_rows.largest(entry.folder)
    may_be_whole = entry.search.numbers or entry.search.candidates
    wanted = entry.files.models.numbers() - set(known) if may_be_whole else set[int]()
    found = {
        trial.number: made.largest
        for trial in (catalog.read_trials(entry) if wanted else ())
        if trial.number in wanted and isinstance(made := _plan_of(entry, trial), IntegerPlan)
    }
    if found:
        raw_rows.keep_largest(entry.folder, known | found)


def _plan_of(entry: Entry, trial: Trial) -> Plan | IntegerPlan | None:
    """Returns the arithmetic of a member in integers; None for floats, or if its rows are gone."""
    if numbers_in(trial.candidate.hyperparameters) == FLOAT:
        return None
    try:
        model = MemberModel.of(entry, trial)
    except SpecError:
        return None
    return model.plan(model.training_rows.shape[1])


@dataclass(frozen=True)
class Predictor:
    """The model of a member, with the preprocessing of its seed's training rows.

    Attributes:
        options: of the table, which say how steps become rows.
    """

    model: MemberModel
    preprocessing: Preprocessing
    options: TableOptions

    @staticmethod
    def of(entry: Entry, trial: Trial) -> Predictor:
        """Opens the model of a member.

        Raises:
            SpecError: the search is not of a table of one's own, the model was not kept, or an
                older version ran the search and its table is missing.
        """
        search = entry.search
        kept = raw_rows.read(search, entry.folder, search.seeds[trial.median_seed()])
        model = MemberModel.of(entry, trial, kept.n_outputs)
        return Predictor(model, kept.preprocessing, search.table)

    def predict(self, rows: Any) -> pd.DataFrame:
        """Returns a column for each target: names of classes, or numbers in the target's unit.

        Args:
            rows: a frame, or a mapping from names of columns to values, as in the table that was
                searched. Columns are in any order; those that are not needed are ignored. Where a
                row is a step, there is a prediction for each sequence, in the order in which they
                begin, or for each window, the last of which ends with the last step.

        Raises:
            SpecError: there is no row; or a column is missing or a cell cannot be read: all of
                them, each by name.
        """
        rows = self._rows(rows)
        outputs = self._outputs(rows)
        return predictions.predictions(self.preprocessing, outputs, getattr(rows, "index", None))

    def probabilities(self, rows: Any) -> pd.DataFrame:
        """Returns a column ``TARGET = CLASS`` for each class.

        Raises:
            SpecError: as ``predict``, or the target is a number.
        """
        rows = self._rows(rows)
        outputs = self._outputs(rows)
        return predictions.probabilities(self.preprocessing, outputs, getattr(rows, "index", None))

    def _rows(self, rows: Any) -> Any:
        """Returns rows as the models take them, of steps as they are in the table."""
        if self.options.sequence is None and self.options.window is None:
            return rows
        import pandas as pd

        frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(dict(rows))
        return sequences.like(frame, self.options, self.preprocessing.columns)

    def _outputs(self, rows: Any) -> NDArray[np.float32]:
        x = self.preprocessing.transform(rows)
        if not len(x):
            raise SpecError("there are no rows to predict; give one at least.")
        return self.model.outputs(x)

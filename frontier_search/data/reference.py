"""Which dataset the user means: a file, an import path or a name of the table.

This is decided once, by ``DatasetReference.read``, where the user's word enters. A new kind of
dataset is one row of ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from frontier_search.data import user_file
from frontier_search.data.dataset import Dataset
from frontier_search.data.datasets import DATASETS
from frontier_search.errors import SpecError, unknown
from frontier_search.files import sha256_of
from frontier_search.table import library, own, reading, review
from frontier_search.table.options import TableOptions, flag
from frontier_search.table.understanding import Understanding
from frontier_search.zoo import is_import_path


@dataclass(frozen=True)
class Kind:
    """One way to name a dataset.

    Attributes:
        matches: whether the user's word names a dataset in this way.
        load: the word -> the dataset. Raises SpecError.
        rows_file: the word -> the file on this machine that holds the rows, or None. Raises
            SpecError.
        recorded: the word -> what a search records, which is valid in every folder.
        label: the word -> a short name for titles.
        users_code: whether the rows come from code of the user, so that they are checked before
            training.
        understand: the word, and what the user says of a table -> what it is. Raises SpecError.
            None for datasets that are no table of the user's.
    """

    matches: Callable[[str], bool]
    load: Callable[[str], Dataset]
    rows_file: Callable[[str], Path | None]
    recorded: Callable[[str], str] = lambda given: given
    label: Callable[[str], str] = lambda given: given
    users_code: bool = False
    understand: Callable[[str, TableOptions], Understanding] | None = None


@dataclass(frozen=True)
class DatasetReference:
    """A dataset as the user names it.

    Attributes:
        given: the user's word.
        kind: how this word names a dataset.
    """

    given: str
    kind: Kind

    @staticmethod
    def read(given: str) -> DatasetReference:
        return DatasetReference(given, next(kind for kind in KINDS if kind.matches(given)))

    @property
    def recorded(self) -> str:
        """What a search records: the word, or a file's absolute path."""
        return self.kind.recorded(self.given)

    @property
    def label(self) -> str:
        """A short name for titles: the word, or a file's name without its folder."""
        return self.kind.label(self.given)

    @property
    def is_table(self) -> bool:
        """Whether ``TableOptions`` say something of it."""
        return self.kind.understand is not None

    def load(self, options: TableOptions | None = None) -> Dataset:
        """Returns the dataset.

        Args:
            options: what the user says of a table of their own.

        Raises:
            SpecError: there is no such dataset, its file cannot be used, or an option says nothing
                of it.
        """
        options = options or TableOptions()
        if self.kind.understand is not None and options.rules > 1:
            table = self.kind.understand(self.given, options)
            review.refuse_if_strict(table)
            return own.dataset(table, self.given)
        if self.kind.understand is None and (said := options.given()):
            raise SpecError(
                f"{' and '.join(map(flag, said))} is for a table of your own, and "
                f"{self.given!r} is none; leave it out."
            )
        return self.kind.load(self.given)

    def digest(self) -> str | None:
        """SHA-256 of the file on this machine that holds the rows; None if no file holds them.

        Raises:
            SpecError: there is no such dataset.
        """
        file = self.kind.rows_file(self.given)
        return sha256_of(file) if file else None

    def has_digest(self, sha256: str) -> bool:
        """Whether a file on this machine holds the rows and has this SHA-256."""
        file = self.kind.rows_file(self.given)
        return file is not None and file.is_file() and sha256_of(file) == sha256


def _member(name: str) -> Dataset:
    """The dataset of the table, or behind an import path."""
    if name not in DATASETS:
        raise SpecError(
            f"{unknown('dataset', name, DATASETS)} A file such as rows.csv is allowed too."
        )
    found: object = DATASETS[name]
    if not isinstance(found, Dataset):
        raise SpecError(
            f"{name!r} is a {type(found).__name__}, not a Dataset; give the name of a "
            "frontier_search.Dataset."
        )
    return found


def _member_file(name: str) -> Path | None:
    dataset = _member(name)
    return dataset.file() if dataset.file else None


def understood(given: str, options: TableOptions) -> Understanding:
    """Returns what a table of the user's is.

    Raises:
        SpecError: it is none, or no model can be trained on it.
    """
    kind = DatasetReference.read(given).kind
    if kind.understand is None:
        raise SpecError(
            f"{given!r} is no table of your own: give a file such as rows.csv, sklearn:NAME or "
            "openml:NUMBER. `frontier-search datasets` describes the others."
        )
    return kind.understand(given, options)


FILE = Kind(
    matches=reading.is_table,
    load=user_file.from_file,  # by the rules of version 0.1
    understand=reading.understood,
    rows_file=Path,
    recorded=lambda given: str(Path(given).resolve()),
    label=lambda given: Path(given).name,
)
LIBRARY = Kind(
    matches=library.is_library,
    load=library.dataset,
    understand=library.understood,
    rows_file=lambda given: None,
)
IMPORT_PATH = Kind(is_import_path, _member, _member_file, users_code=True)
SHIPPED = Kind(lambda given: True, _member, _member_file)

KINDS = (
    FILE,
    LIBRARY,
    IMPORT_PATH,
    SHIPPED,
)  # the first that matches; a file's path may hold a colon

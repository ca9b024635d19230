"""The searches under a home: a search is defined once, found again and extended.

``sweep_catalog`` does the same for sweeps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from frontier_search import sources
from frontier_search.errors import SearchError, SpecError
from frontier_search.files import remove_folder, write_whole
from frontier_search.search.search import Search
from frontier_search.spec import read_yaml
from frontier_search.storage import records, remote, warming
from frontier_search.storage.folder import DEFAULT_HOME, SearchFolder, SweepFolder, names
from frontier_search.storage.locations import Locations
from frontier_search.storage.search_files import SearchFiles
from frontier_search.storage.storage import Storage, raising_search_error
from frontier_search.trial import Trial


@dataclass(frozen=True)
class Entry:
    """A defined search, with its folder and its locations."""

    search: Search
    folder: SearchFolder
    locations: Locations

    def open_storage(self, writable: bool) -> Storage:
        """Opens its storage; see ``storage.open_storage``."""
        return self.locations.open_storage(self.folder.path, writable)

    @property
    def files(self) -> SearchFiles:
        """The files that its session and its workers exchange.

        Raises:
            SpecError: they are in a bucket, and the packages for one are not installed.
        """
        return _files(self.search.name, self.folder, self.locations)

    def changed_code(self) -> str | None:
        """Returns a sentence if the user's files are no longer those that the search trains."""
        here = (Path.cwd(), self.folder.home.resolve().parent)
        changed = sources.changed(self.search.code, here)
        if not changed:
            return None
        kept = self.files.code / changed[0]
        return (
            f"{', '.join(changed)} changed after search {self.search.name!r} was defined; the "
            f"search keeps to its own copy, {kept}."
        )


def _home(home: Path) -> warming.Home:
    """Returns the searches of a home, for a warm start."""
    return warming.Home(
        names(home),
        lambda name: find(name, home).search,
        lambda name: read_trials(find(name, home)),
    )


def _files(name: str, folder: SearchFolder, locations: Locations) -> SearchFiles:
    if locations.outcomes is None:
        return SearchFiles(folder.path)
    return SearchFiles(remote.folder(locations.outcomes) / name, exchanged=True)


def define(search: Search, home: Path, locations: Locations | None = None) -> Entry:
    """Writes a new search into its folder.

    Args:
        locations: None: the defaults under ``home``.

    Raises:
        SpecError: the name is taken, the dataset's rows are not available or have changed, the home
            cannot be written, a search that it is warmed by is missing, or outcomes cannot be
            exchanged at their location or belong to another search there.
        SearchError: the storage cannot be opened, or a file cannot be written.
    """
    search = warming.looked_up(search, _home(home))
    search.obtain_dataset()
    folder = SearchFolder(home, search.name)
    entry = Entry(search, folder, locations or Locations.of(home))
    _require_free(folder)
    entry.locations.reach_outcomes()
    entry.files.archive.require_free(search)
    with raising_search_error(entry.locations.storage), folder.created():
        _require_free(folder)  # of two processes that define it at once, one is refused
        entry.open_storage(writable=False).close()  # it must open before it takes the name
        entry.files.archive.claim(search)
        sources.write(search.code, entry.files.code)
        write_whole(folder.locations_file, yaml.safe_dump(entry.locations.to_spec(home)).encode())
        # last, because its presence means that the search is defined
        write_whole(folder.search_file, search.to_yaml().encode())
    return entry


@contextmanager
def forgotten_if_refused(entry: Entry) -> Iterator[None]:
    """Removes a new search if it is refused inside the block, before it has a trial."""
    try:
        yield
    except (SpecError, SearchError):
        with suppress(SpecError, SearchError, OSError):  # the refusal is what the user must read
            _forget(entry)
        raise


def _forget(entry: Entry) -> None:
    """Removes a search without trials; one with trials, or one that a process holds, stays."""
    name = entry.search.name
    with (
        entry.folder.lock(),
        closing(entry.open_storage(writable=True)) as storage,
        storage.held(name),
    ):
        with suppress(KeyError):  # it has no study yet
            study_id = storage.optuna.get_study_id_from_name(name)
            if storage.optuna.get_n_trials(study_id):
                return
            storage.optuna.delete_study(study_id)
        remove_folder(entry.folder.path)


def _require_free(folder: SearchFolder) -> None:
    """Raises SpecError when a search or a sweep has this name."""
    if SweepFolder(folder.home, folder.name).exists():
        raise SpecError(
            f"a sweep named {folder.name!r} exists in {folder.home}; choose another --name."
        )
    if folder.exists():
        raise SpecError(
            f"a search named {folder.name!r} exists in {folder.home}. Continue it with"
            f" `{folder.resume_command}`, or choose another --name."
        )


def find_or_define(
    search: Search,
    home: Path,
    locations: Locations | None = None,
    insisted: Collection[str] = (),
) -> Entry:
    """Returns the existing search of this name, or defines a new one.

    The existing one is returned if it has the same fingerprint, and extended if the new budget of
    trials is larger.

    Args:
        locations: as for ``define``.
        insisted: the attributes of ``locations`` that the user gave explicitly. Those must be the
            existing search's; the rest are defaults for a new one.

    Raises:
        SpecError: as ``define``; or the existing search has another fingerprint or other locations.
        SearchError: as ``define``.
    """
    if not SearchFolder(home, search.name).exists():
        return define(search, home, locations)
    entry = find(search.name, home)
    if entry.search.fingerprint() != warming.like(search, entry.search).fingerprint():
        raise SpecError(
            f"the search named {search.name!r} in {home} asks something else;"
            " choose another --name."
        )
    asked, what = locations or Locations.of(home), f"search {search.name!r} in {home}"
    entry.locations.refuse_another(asked, insisted, what)
    return extend(entry, search.trials) if search.trials > entry.search.trials else entry


def find(name: str, home: Path = DEFAULT_HOME) -> Entry:
    """Returns a defined search.

    Raises:
        SpecError: there is none of this name, or its files are damaged.
    """
    folder = SearchFolder(home, name)
    folder.require()
    try:
        locations = Locations.read(yaml.safe_load(folder.locations_file.read_text()), home, name)
    except (OSError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(
            f"{folder.locations_file} is damaged ({error});"
            " it holds `storage: URL` and `tracking_uri: URI`."
        ) from error
    spec = read_yaml(folder.search_file)
    if isinstance(spec.get("code"), dict):
        sources.hold(spec["code"], _files(name, folder, locations).code)
    # Version 0.1 wrote neither.
    search = Search.from_spec({"edition": 1, "table_rules": 1} | spec)
    return Entry(search, folder, locations)


def extend(entry: Entry, trials: int) -> Entry:
    """Writes and returns the same search with a larger budget of trials.

    Raises:
        SpecError: the budget is not larger, the search lists its candidates, or it is running.
    """
    if entry.search.candidates:
        raise SpecError(
            f"--trials {trials}: search {entry.search.name!r} lists its {entry.search.trials}"
            " candidates; start another search."
        )
    if trials <= entry.search.trials:
        raise SpecError(
            f"--trials {trials}: the search has a budget of {entry.search.trials} already;"
            " give a larger one."
        )
    larger = replace(entry.search, trials=trials)
    with entry.folder.lock():
        write_whole(entry.folder.search_file, larger.to_yaml().encode())
    return replace(entry, search=larger)


def read_trials(entry: Entry) -> list[Trial]:
    """Returns every trial of a search by number, as the storage has them now. The search may be
    running."""
    objectives = entry.search.objective_table()
    with closing(entry.open_storage(writable=False)) as storage:
        try:
            study_id = storage.optuna.get_study_id_from_name(entry.search.name)
        except KeyError:
            return []
        return [
            records.read(frozen, objectives)
            for frozen in storage.optuna.get_all_trials(study_id, deepcopy=False)
        ]

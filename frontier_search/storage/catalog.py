"""The searches and sweeps under a home: defining one, finding it again, and reading its trials without disturbing it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.search.search import Search
from frontier_search.search.sweep import Sweep, origin
from frontier_search.spec import read_yaml
from frontier_search.storage import records, remote
from frontier_search.storage.folder import (
    DEFAULT_HOME,
    HomeFolder,
    SearchFolder,
    SweepFolder,
    names,
    prepare_home,
)
from frontier_search.storage.locations import Locations
from frontier_search.storage.search_files import SearchFiles
from frontier_search.storage.storage import Storage, open_storage, raising_search_error
from frontier_search.trial import Trial


@dataclass(frozen=True)
class Entry:
    """A search that was defined: what it asks, where it lives, and where its storage and mirror are."""

    search: Search
    folder: SearchFolder
    locations: Locations

    def open_storage(self, writable: bool) -> Storage:
        return open_storage(self.locations.storage, self.folder.path, writable)

    @property
    def files(self) -> SearchFiles:
        """What passes between its session and its workers; raises SpecError when the packages for a bucket are not installed."""
        if self.locations.outcomes is None:
            return SearchFiles(self.folder.path)
        return SearchFiles(
            remote.folder(self.locations.outcomes) / self.search.name, exchanged=True
        )


@dataclass(frozen=True)
class SweepEntry:
    """A sweep that was defined: its searches, where it lives, and where their storages and mirrors are."""

    sweep: Sweep
    folder: SweepFolder
    locations: Locations

    def entries(self) -> dict[str, list[Entry]]:
        """By label, those of its searches that have begun: the search, and those that gave its candidates more seeds."""
        home = self.folder.home
        begun: dict[str, list[str]] = {search.name: [] for _, search in self.sweep.searches}
        for name in sorted(names(home), key=origin):
            of = name if name in begun else origin(name)[0]
            if of in begun:
                begun[of].append(name)
        return {
            label: [find(name, home) for name in begun[search.name]]
            for label, search in self.sweep.searches
        }


def define(search: Search, home: Path, locations: Locations | None = None) -> Entry:
    """Writes a new search into its folder.

    Args:
        locations: where it keeps things; None: the defaults under ``home``.

    Raises:
        SpecError: the name is taken, the dataset's rows are not available or have changed, the home cannot be written, or outcomes
            cannot be exchanged at their location or belong to another search there.
        SearchError: the storage cannot be opened.
    """
    search.obtain_dataset()
    folder = SearchFolder(home, search.name)
    entry = Entry(search, folder, locations or Locations.of(home))
    _reach_outcomes(entry.locations)
    _require_free(folder)
    with _made(folder, entry.locations):
        _require_free(folder)  # of two processes that define it at once, one is refused
        _require_storage(entry)
        entry.files.archive.claim(search)
        place = yaml.safe_dump(entry.locations.to_spec())
        write_whole(folder.locations_file, place.encode())
        # last, because its presence means that the search is defined
        write_whole(folder.search_file, search.to_yaml().encode())
    return entry


def find_or_define(
    search: Search,
    home: Path,
    locations: Locations | None = None,
    insisted: Collection[str] = (),
) -> Entry:
    """Returns the existing search of this name if it has the same fingerprint, extended if the new budget is larger; otherwise
    defines a new one.

    Args:
        locations: as for ``define``.
        insisted: the attributes of ``locations`` that are more than a default for a new search.

    Raises:
        SpecError: as ``define``; or the existing search has another fingerprint, or other locations than the user insists on.
        SearchError: as ``define``.
    """
    if not SearchFolder(home, search.name).exists():
        return define(search, home, locations)
    entry = find(search.name, home)
    if entry.search.fingerprint() != search.fingerprint():
        raise SpecError(
            f"the search named {search.name!r} in {home} asks something else; choose another --name."
        )
    entry.locations.refuse_another(
        locations or Locations.of(home), insisted, f"search {search.name!r} in {home}"
    )
    return extend(entry, search.trials) if search.trials > entry.search.trials else entry


def define_sweep(
    sweep: Sweep,
    home: Path,
    locations: Locations | None = None,
    insisted: Collection[str] = (),
) -> SweepEntry:
    """Writes a new sweep into its folder, or returns the same sweep if it is there.

    Args:
        locations: of all its searches, as for ``define``.
        insisted: as for ``find_or_define``.

    Raises:
        SpecError: a search or another sweep has its name, it has other locations than the user insists on, or as ``define``.
        SearchError: as ``define``.
    """
    folder = SweepFolder(home, sweep.name)
    entry = SweepEntry(sweep, folder, locations or Locations.of(home))
    if SearchFolder(home, sweep.name).exists():
        raise SpecError(
            f"a search named {sweep.name!r} exists in {home}; give the sweep another name."
        )
    if not folder.exists():
        _reach_outcomes(entry.locations)
    with _made(folder, entry.locations):
        found = find_sweep(sweep.name, home)
        if found is not None:
            if replace(found.sweep, until_settled=sweep.until_settled) != sweep:
                raise SpecError(
                    f"another sweep named {sweep.name!r} exists in {home}; give this one another --name."
                )
            found.locations.refuse_another(
                entry.locations, insisted, f"sweep {sweep.name!r} in {home}"
            )
            if found.sweep.until_settled or not sweep.until_settled:
                return found
            entry = replace(found, sweep=sweep)  # the same sweep, to be settled too
        else:
            _require_storage(entry)
        spec = {"place": entry.locations.to_spec(), "sweep": sweep.to_spec()}
        content = yaml.safe_dump(spec, sort_keys=False, default_flow_style=None, width=120)
        write_whole(folder.sweep_file, content.encode())
    return entry


def _reach_outcomes(locations: Locations) -> None:
    """Raises SpecError when outcomes cannot be exchanged at their location."""
    if locations.outcomes is not None:
        remote.reach(locations.outcomes)


@contextmanager
def _made(folder: HomeFolder, locations: Locations) -> Iterator[None]:
    """Makes the folder of a search or a sweep and holds it inside the block.

    Raises:
        SpecError: the home cannot be written, or another process holds the folder.
        SearchError: the storage, or the folder, reports an error inside the block.
    """
    prepare_home(folder.home)
    folder.path.mkdir(parents=True, exist_ok=True)
    with raising_search_error(locations.storage), folder.lock():
        yield


def _require_storage(entry: Entry | SweepEntry) -> None:
    """Raises SearchError when the storage cannot be opened."""
    open_storage(entry.locations.storage, entry.folder.path, writable=False).close()


def find_sweep(name: str, home: Path) -> SweepEntry | None:
    """A sweep that was defined before, or None when there is none of this name.

    Raises:
        SpecError: its file is damaged.
    """
    folder = SweepFolder(home, name)
    if not folder.exists():
        return None
    try:
        spec = yaml.safe_load(folder.sweep_file.read_text())
        return SweepEntry(Sweep.from_spec(spec["sweep"]), folder, Locations(**spec["place"]))
    except (OSError, KeyError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{folder.sweep_file} is damaged ({error}).") from error


def _require_free(folder: SearchFolder) -> None:
    """Raises SpecError when a search or a sweep has this name."""
    if SweepFolder(folder.home, folder.name).exists():
        raise SpecError(
            f"a sweep named {folder.name!r} exists in {folder.home}; choose another --name."
        )
    if folder.exists():
        raise SpecError(
            f"a search named {folder.name!r} exists in {folder.home}. Continue it with `{folder.resume_command}`, or choose another --name."
        )


def find(name: str, home: Path = DEFAULT_HOME) -> Entry:
    """A search that was defined before.

    Raises:
        SpecError: there is none of this name, or its files are damaged.
    """
    folder = SearchFolder(home, name)
    folder.require()
    search = Search.from_spec(read_yaml(folder.search_file))
    try:
        locations = Locations(**yaml.safe_load(folder.locations_file.read_text()))
    except (OSError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(
            f"{folder.locations_file} is damaged ({error}); it holds `storage: URL` and `tracking_uri: URI`."
        ) from error
    return Entry(search, folder, locations)


def find_all(name: str, home: Path) -> list[Entry]:
    """The searches of a sweep that have begun, or the one search of this name.

    Raises:
        SpecError: there is none of this name, or files are damaged.
    """
    sweep = find_sweep(name, home)
    return (
        [find(name, home)]
        if sweep is None
        else [entry for group in sweep.entries().values() for entry in group]
    )


def extend(entry: Entry, trials: int) -> Entry:
    """The same search with a larger budget, written down.

    Raises:
        SpecError: the budget is not larger, or the search lists its candidates.
    """
    if entry.search.candidates:
        raise SpecError(
            f"--trials {trials}: search {entry.search.name!r} lists its {entry.search.trials} candidates; start another search."
        )
    if trials <= entry.search.trials:
        raise SpecError(
            f"--trials {trials}: the search has a budget of {entry.search.trials} already; give a larger one."
        )
    larger = replace(entry.search, trials=trials)
    with entry.folder.lock():
        write_whole(entry.folder.search_file, larger.to_yaml().encode())
    return replace(entry, search=larger)


def read_trials(entry: Entry) -> list[Trial]:
    """Every trial of a search, by number, as the storage has them now; works while the search is live."""
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

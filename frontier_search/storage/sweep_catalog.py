"""The sweeps under a home: a sweep is defined once and found again, with the searches that it has
begun."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.search.sweep import Sweep, origin
from frontier_search.storage import catalog
from frontier_search.storage.catalog import Entry
from frontier_search.storage.folder import SearchFolder, SweepFolder, names
from frontier_search.storage.locations import Locations
from frontier_search.storage.storage import raising_search_error


@dataclass(frozen=True)
class SweepEntry:
    """A defined sweep, with its folder and the locations of all its searches."""

    sweep: Sweep
    folder: SweepFolder
    locations: Locations

    def entries(self) -> dict[str, list[Entry]]:
        """Returns the searches that have begun, by label: the sweep's own search, then the ones
        that gave its candidates more seeds."""
        home = self.folder.home
        begun: dict[str, list[str]] = {search.name: [] for _, search in self.sweep.searches}
        for name in sorted(names(home), key=origin):
            of = name if name in begun else origin(name)[0]
            if of in begun:
                begun[of].append(name)
        return {
            label: [catalog.find(name, home) for name in begun[search.name]]
            for label, search in self.sweep.searches
        }


def define(
    sweep: Sweep,
    home: Path,
    locations: Locations | None = None,
    insisted: Collection[str] = (),
) -> SweepEntry:
    """Writes a new sweep into its folder, or returns the same sweep if it is there.

    Args:
        locations: of all its searches; None: the defaults under ``home``.
        insisted: as for ``catalog.find_or_define``.

    Raises:
        SpecError: a search or another sweep has its name, the same sweep has other locations, the
            home cannot be written, or outcomes cannot be exchanged at their location.
        SearchError: the storage cannot be opened, or a file cannot be written.
    """
    folder = SweepFolder(home, sweep.name)
    entry = SweepEntry(sweep, folder, locations or Locations.of(home))
    if SearchFolder(home, sweep.name).exists():
        raise SpecError(
            f"a search named {sweep.name!r} exists in {home}; give the sweep another name."
        )
    if not folder.exists():
        entry.locations.reach_outcomes()
    with raising_search_error(entry.locations.storage), folder.created():
        found = find(sweep.name, home)
        if found is None:
            # it must open before it takes the name
            entry.locations.open_storage(folder.path, writable=False).close()
        else:
            _require_same(found, entry, insisted)
            if found.sweep.until_settled or not sweep.until_settled:
                return found
            entry = replace(found, sweep=sweep)  # the same sweep, to be settled too
        spec = {"place": entry.locations.to_spec(home), "sweep": sweep.to_spec()}
        content = yaml.safe_dump(spec, sort_keys=False, default_flow_style=None, width=120)
        write_whole(folder.sweep_file, content.encode())
    return entry


def _require_same(found: SweepEntry, asked: SweepEntry, insisted: Collection[str]) -> None:
    """Raises SpecError when a sweep was defined with other searches or other locations."""
    name, home = asked.sweep.name, asked.folder.home
    if replace(found.sweep, until_settled=asked.sweep.until_settled) != asked.sweep:
        raise SpecError(
            f"another sweep named {name!r} exists in {home}; give this one another --name."
        )
    found.locations.refuse_another(asked.locations, insisted, f"sweep {name!r} in {home}")


def find(name: str, home: Path) -> SweepEntry | None:
    """Returns a defined sweep, or None when there is none of this name.

    Raises:
        SpecError: its file is damaged.
    """
    folder = SweepFolder(home, name)
    if not folder.exists():
        return None
    try:
        spec = yaml.safe_load(folder.sweep_file.read_text())
        return SweepEntry(
            Sweep.from_spec({"defaults": {"edition": 1, "table_rules": 1}} | spec["sweep"]),
            folder,
            Locations.read(spec["place"], home, name),
        )
    except (OSError, KeyError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SpecError(f"{folder.sweep_file} is damaged ({error}).") from error


def find_searches(name: str, home: Path) -> list[Entry]:
    """Returns the searches of a sweep that have begun, or the one search of this name.

    Raises:
        SpecError: there is none of this name, or files are damaged.
    """
    sweep = find(name, home)
    if sweep is None:
        return [catalog.find(name, home)]
    return [entry for group in sweep.entries().values() for entry in group]

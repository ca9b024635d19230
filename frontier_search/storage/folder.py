"""The folder of a search, and its lock: at most one session writes at a time.

HOME/NAME/search.yaml    the search, written once
          journal.log    the storage, unless it is a database
          outcomes/      what workers left for cohorts in flight: candidates, checkpoints, outcome, weights } unless they are
          models/        learned scalars of the trials on the frontier                                       } exchanged elsewhere
          report/        tables and figures
HOME/mlflow.db           the mirror of all searches
"""

from __future__ import annotations

import fcntl
import os
import shlex
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from frontier_search import machine
from frontier_search.errors import SpecError, unknown
from frontier_search.storage.lock import described, hold

DEFAULT_HOME = Path("frontier-runs")


@dataclass(frozen=True)
class HomeFolder(ABC):
    """A folder under a home, of a search or of a sweep."""

    home: Path
    name: str

    @property
    def path(self) -> Path:
        return self.home / self.name

    @property
    def report(self) -> Path:
        return self.path / "report"

    @property
    def resume_command(self) -> str:
        """What goes on after any interruption."""
        return f"frontier-search resume {self.name} --home {shlex.quote(str(self.home))}"

    @property
    def home_option(self) -> str:
        """What a command on it needs beside the name: nothing in the default home."""
        return "" if self.home == DEFAULT_HOME else f" --home {shlex.quote(str(self.home))}"

    @abstractmethod
    def exists(self) -> bool:
        """Whether what it is the folder of was defined."""

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds it for this process; the system lets go of it when the process ends, however it ends.

        Raises:
            SpecError: another process holds it, named by pid and host, or the folder cannot be written.
        """
        machine.require_writable(self.path)
        with hold(self.path / "session.lock", self.name):
            yield


@dataclass(frozen=True)
class SearchFolder(HomeFolder):
    """The folder of one search."""

    @property
    def search_file(self) -> Path:
        return self.path / "search.yaml"

    @property
    def locations_file(self) -> Path:
        return self.path / "place.yaml"

    def exists(self) -> bool:
        return self.search_file.exists()

    def require(self) -> None:
        """Raises SpecError, with the nearest name, when there is no such search."""
        if not self.exists():
            known = names(self.home)
            if not known:
                raise SpecError(
                    f"there is no search in {self.home}; start one with `frontier-search run`, or name its folder with --home."
                )
            if SweepFolder(self.home, self.name).exists():
                own = ", ".join(name for name in known if name.startswith(f"{self.name}-"))
                raise SpecError(
                    f"{self.name!r} is a sweep; name one of its searches: {own or 'none has begun'}."
                )
            raise SpecError(unknown("search", self.name, known))

    def holder(self) -> str | None:
        """Who holds the search now, by pid and host, or None."""
        try:
            with (self.path / "session.lock").open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return described(file.read())
        except OSError:
            return None  # never run, or not ours to read
        return None


@dataclass(frozen=True)
class SweepFolder(HomeFolder):
    """The folder of one sweep under a home; its searches have folders of their own beside it.

    HOME/NAME/sweep.yaml    the sweep, written once
              report/       its page, tables and figures
    """

    @property
    def sweep_file(self) -> Path:
        return self.path / "sweep.yaml"

    def exists(self) -> bool:
        return self.sweep_file.exists()


def names(home: Path) -> list[str]:
    """The searches under a home, by name."""
    return sorted(path.parent.name for path in home.glob("*/search.yaml"))


def prepare_home(home: Path) -> None:
    """Makes the home, and raises SpecError when it cannot be written or has no room."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".probe.{os.getpid()}"
        probe.write_bytes(b"\0" * 65536)
        probe.unlink()
    except OSError as error:
        raise SpecError(
            f"cannot write to --home {home}: {error.strerror}. Give a folder that you may write to and that has room."
        ) from error

"""The folder of a search or a sweep under a home, and its lock: at most one session writes.

HOME/NAME/search.yaml     the search, written last: its presence means that it is defined
          place.yaml      its locations
          session.lock    the lock
          journal.log     the storage, unless it is a database
          outcomes/       cohorts in flight                            } unless they are
          models/         learned scalars of trials on the frontier    } exchanged elsewhere
          code/           the user's own families                      }
          report/         tables and figures
          certificates/   of members that were exported
HOME/mlflow.db            the mirror of all searches
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
    def certificates(self) -> Path:
        return self.path / "certificates"

    @property
    def resume_command(self) -> str:
        """The command that resumes after any interruption."""
        return f"frontier-search resume {self.name} --home {shlex.quote(str(self.home))}"

    @property
    def home_option(self) -> str:
        """The option that a command needs beside the name: none in the default home."""
        return "" if self.home == DEFAULT_HOME else f" --home {shlex.quote(str(self.home))}"

    @abstractmethod
    def exists(self) -> bool:
        """Returns whether the search or the sweep is defined."""

    @contextmanager
    def created(self) -> Iterator[None]:
        """Makes the home and the folder, and holds the folder inside the block.

        Raises:
            SpecError: the home cannot be written, or another process holds the folder.
        """
        prepare_home(self.home)
        self.path.mkdir(parents=True, exist_ok=True)
        with self.lock():
            yield

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the folder for this process inside the block.

        Raises:
            SpecError: another process holds it, named by pid and host, or it cannot be written.
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
                    f"there is no search in {self.home}; start one with `frontier-search run`,"
                    " or name its folder with --home."
                )
            if SweepFolder(self.home, self.name).exists():
                own = ", ".join(name for name in known if name.startswith(f"{self.name}-"))
                raise SpecError(
                    f"{self.name!r} is a sweep; name one of its searches:"
                    f" {own or 'none has begun'}."
                )
            raise SpecError(unknown("search", self.name, known))

    def holder(self) -> str | None:
        """Returns who holds the search now, by pid and host, or None."""
        try:
            with (self.path / "session.lock").open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return described(file.read())
        except OSError:
            return None  # it never ran, or this user may not read the lock
        return None


@dataclass(frozen=True)
class SweepFolder(HomeFolder):
    """The folder of one sweep. Its searches have folders of their own beside it.

    HOME/NAME/sweep.yaml    the sweep and its locations
              report/       its page, tables and figures
    """

    @property
    def sweep_file(self) -> Path:
        return self.path / "sweep.yaml"

    def exists(self) -> bool:
        return self.sweep_file.exists()


def names(home: Path) -> list[str]:
    """Returns the names of the searches under a home, sorted."""
    return sorted(path.parent.name for path in home.glob("*/search.yaml"))


def prepare_home(home: Path) -> None:
    """Makes the home; raises SpecError when it cannot be written or has no room."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        probe = home / f".probe.{os.getpid()}"
        probe.write_bytes(b"\0" * 65536)
        probe.unlink()
    except OSError as error:
        raise SpecError(
            f"cannot write to --home {home}: {error.strerror}."
            " Give a folder that you may write to and that has room."
        ) from error

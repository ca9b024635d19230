"""What the models of a search are compared with: a constant and a linear model, kept in its folder.

They are fitted once, while a search trains, so that commands that read load no scikit-learn and the
answer does not wait for them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from frontier_search.errors import SpecError
from frontier_search.files import write_whole
from frontier_search.frontier.baselines import Baseline, measure_references
from frontier_search.search.search import Search
from frontier_search.storage.folder import SearchFolder

_one_at_a_time = threading.Lock()  # who asks while they are fitted waits, and fits nothing


def read(folder: SearchFolder) -> tuple[Baseline, ...]:
    """Returns what was kept; nothing if the search has not ended, or ran with an older version."""
    path = _path(folder)
    if not path.is_file():
        return ()
    return tuple(Baseline.from_json(one) for one in json.loads(path.read_text()))


def measured(search: Search, folder: SearchFolder) -> tuple[Baseline, ...]:
    """Returns what is kept, which is fitted now if it was not; nothing if the rows are gone."""
    with suppress(OSError):  # an answer is given on a full disk too
        keep(search, folder)
        return read(folder)
    return _fitted(search)


def keep(search: Search, folder: SearchFolder) -> None:
    """Fits the models and writes them, unless they are there or the rows are gone.

    Raises:
        OSError: the folder cannot be written.
    """
    with _one_at_a_time:
        if not _path(folder).is_file() and (found := _fitted(search)):
            write_whole(_path(folder), json.dumps([one.to_json() for one in found]).encode())


@contextmanager
def kept_meanwhile(search: Search, folder: SearchFolder) -> Iterator[Callable[[], None]]:
    """Yields what begins to do as ``keep`` in a thread, once. The block ends after the thread.

    What fails there fails again in ``keep``, which says it. Python must not end while a thread is
    inside scikit-learn, because that can abort the process.
    """

    def keep_quietly() -> None:
        with suppress(Exception):
            keep(search, folder)

    thread = threading.Thread(target=keep_quietly, daemon=True)

    def begin() -> None:
        if thread.ident is None and not _path(folder).is_file():
            thread.start()

    try:
        yield begin
    finally:
        if thread.ident is not None:
            thread.join()


def _fitted(search: Search) -> tuple[Baseline, ...]:
    try:
        return tuple(measure_references(search.find_dataset(), search.seeds))
    except SpecError:
        return ()


def _path(folder: SearchFolder) -> Path:
    return folder.path / "references.json"

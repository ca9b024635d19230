"""The rows of a search in files that all workers of this machine map, so that none makes them.

Workers then need neither the libraries that make rows nor a copy of them. The files lie in the
folder of our own Ray, which is removed when Ray ends, or by the next search after a kill.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from frontier_search.data.seed_rows import SeedRows

PREFIX = "rows-"

log = logging.getLogger(__name__)


@contextmanager
def written(rows: SeedRows | None) -> Iterator[str]:
    """Writes rows for the ``with`` block.

    Args:
        rows: of all seeds; None: workers make them.

    Yields:
        the folder; "" where workers make the rows, also when the disk is full.
    """
    if rows is None:
        yield ""
        return
    node = ray._private.worker.global_worker.node
    assert node is not None  # Ray was started by this process
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=node.get_session_dir_path()))
    try:
        try:
            rows.write(folder)
        except OSError as error:
            log.warning("workers make their own rows: they cannot be written (%s)", error)
            yield ""
        else:
            del rows
            yield str(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def mapped(folder: str) -> SeedRows | None:
    """Returns the rows in a folder of this machine; None where there are none."""
    try:
        return SeedRows.read(Path(folder)) if folder else None
    except OSError:
        return None

"""Searches as jobs of Ray's Jobs API.

The submission id of a search's first session is the search's name. Its next sessions are NAME~2,
NAME~3 and so on, because Ray does not promise that an id can be used twice. No name contains ``~``.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from frontier_search.cluster import tunnel
from frontier_search.errors import SearchError, SpecError, unknown
from frontier_search.search.search import Search
from frontier_search.zoo import is_import_path

LIVE = ("PENDING", "RUNNING")
RUN = ("python", "-m", "frontier_search", "run", "search.yaml", "--resume", "--address", "auto")
CHATTY_LOGGERS = (
    "ray.dashboard.modules.dashboard_sdk",
    "ray.dashboard.modules.job.sdk",
    "ray._private.runtime_env.packaging",
)


class Jobs:
    """The searches of one cluster."""

    def __init__(self, url: str, token: str) -> None:
        from ray.job_submission import JobSubmissionClient

        for name in CHATTY_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)
        with _as_search_error(f"the cluster at {url} refuses"):
            self.client = JobSubmissionClient(url, headers={"Authorization": f"Bearer {token}"})

    @staticmethod
    @contextmanager
    def of(cluster: str) -> Iterator[Jobs]:
        """Yields the searches of a cluster. See ``tunnel.opened`` for the argument."""
        with tunnel.opened(cluster) as (url, token):
            yield Jobs(url, token)

    def rows(self) -> list[dict[str, Any]]:
        """Returns every session of every search, oldest first: search, session, id, state."""
        with _as_search_error():
            jobs = self.client.list_jobs()
        rows = []
        for job in sorted(jobs, key=lambda job: job.start_time or 0):
            metadata = job.metadata or {}
            if "search" in metadata:  # jobs that we did not submit have no such entry
                rows.append(
                    {
                        "search": metadata["search"],
                        "session": int(metadata["session"]),
                        "id": job.submission_id,
                        "state": job.status.value,
                    }
                )
        return rows

    def latest(self, name: str) -> dict[str, Any]:
        """Returns the last session of a search.

        Raises:
            SpecError: the cluster has no session of this search.
        """
        rows = self.rows()
        sessions = [row for row in rows if row["search"] == name]
        if not sessions:
            known = {row["search"] for row in rows}
            raise SpecError(
                unknown("search", name, known)
                if known
                else "no search was submitted to this cluster yet."
            )
        return max(sessions, key=lambda row: row["session"])

    def submit(self, search: Search, flags: Sequence[str]) -> str:
        """Submits a new search or the next session of a known one, and returns its submission id.

        Args:
            search: the search to run or to resume.
            flags: of ``run``, without those that define the search.

        Raises:
            SpecError: the search has not ended there, or its rows are in a file on this machine.
        """
        if search.dataset_sha256 is not None:
            raise SpecError(
                f"the rows of {search.name!r} are in {search.dataset}, on this machine; "
                "copy the file to the head node, log in there and use `run`."
            )
        sessions = [row for row in self.rows() if row["search"] == search.name]
        if any(row["state"] in LIVE for row in sessions):
            raise SpecError(
                f"search {search.name!r} has not ended on the cluster; "
                f"follow it with `frontier-search attach {search.name}`."
            )
        session = len(sessions) + 1
        with tempfile.TemporaryDirectory(prefix="submission-") as folder:
            (Path(folder) / "search.yaml").write_text(search.to_yaml())
            _copy_modules(search, Path(folder))
            with _as_search_error():
                # no entrypoint_num_cpus: with it, the driver may start on a spot worker
                submission_id = self.client.submit_job(
                    entrypoint=shlex.join([*RUN, *flags]),
                    submission_id=search.name if session == 1 else f"{search.name}~{session}",
                    runtime_env={"working_dir": folder},
                    metadata={"search": search.name, "session": str(session)},
                )
        return str(submission_id)

    def stop(self, name: str) -> bool:
        """Stops a search, which stays resumable; returns False if it was not running.

        Ray sends SIGTERM, and SIGKILL 3 s later. Neither loses a finished cohort.
        """
        submission_id = self.latest(name)["id"]
        with _as_search_error():
            return bool(self.client.stop_job(submission_id))

    def logs(self, name: str) -> str:
        """Returns what the last session of a search has printed."""
        submission_id = self.latest(name)["id"]
        with _as_search_error():
            return str(self.client.get_job_logs(submission_id))

    def follow(self, submission_id: str, show: Callable[[str], object]) -> str:
        """Shows what a session prints until it ends, and returns its last state.

        Raises:
            SearchError: the connection to the cluster was lost.
        """

        async def tail() -> None:
            async for text in self.client.tail_job_logs(submission_id):
                show(text)

        with _as_search_error("the head node, or the connection to it, was lost"):
            asyncio.run(tail())
            return str(self.client.get_job_status(submission_id).value)


@contextmanager
def _as_search_error(what_failed: str = "the cluster does not answer") -> Iterator[None]:
    """Raises SearchError for everything that the client raises.

    These are Ray's own errors, RuntimeError, and those of requests and aiohttp.
    """
    try:
        yield
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SearchError(f"{what_failed}: {reason}") from error


def _copy_modules(search: Search, folder: Path) -> None:
    """Copies the user's own families, dataset and sampler.

    A package is copied as a folder. A module is copied as its file, with the YAML file of the
    same name if there is one.
    """
    paths = [name for name in (*search.spaces, search.sampler) if is_import_path(name)]
    if search.dataset_reference.kind.users_code:
        paths.append(search.dataset)
    for module in {path.partition(":")[0].partition(".")[0] for path in paths}:
        spec = importlib.util.find_spec(module)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None:
            continue
        if origin.name == "__init__.py":
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(origin.parent, folder / module, ignore=ignored)
        else:
            for path in (origin, origin.with_suffix(".yaml")):
                if path.exists():
                    shutil.copy(path, folder)

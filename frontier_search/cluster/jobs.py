"""Searches as jobs of Ray's Jobs API. A search's first session has the search's name as its submission id, the next ones NAME~2, NAME~3:
Ray does not promise that an id can be used twice, and ``~`` is in no name."""

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


class Jobs:
    """The searches of one cluster."""

    def __init__(self, url: str, token: str) -> None:
        from ray.job_submission import JobSubmissionClient

        for name in (
            "ray.dashboard.modules.dashboard_sdk",
            "ray.dashboard.modules.job.sdk",
            "ray._private.runtime_env.packaging",
        ):
            logging.getLogger(name).setLevel(logging.WARNING)
        with _answering(f"the cluster at {url} refuses"):
            self.client = JobSubmissionClient(url, headers={"Authorization": f"Bearer {token}"})

    @staticmethod
    @contextmanager
    def of(cluster: str) -> Iterator[Jobs]:
        """Through a tunnel, see ``tunnel.opened``."""
        with tunnel.opened(cluster) as (url, token):
            yield Jobs(url, token)

    def rows(self) -> list[dict[str, Any]]:
        """Every session of every search, the oldest first."""
        rows = []
        with _answering():
            jobs = self.client.list_jobs()
        for job in sorted(jobs, key=lambda job: job.start_time or 0):
            ours = job.metadata or {}
            if "search" in ours:
                rows.append(
                    {
                        "search": ours["search"],
                        "session": int(ours["session"]),
                        "id": job.submission_id,
                        "state": job.status.value,
                    }
                )
        return rows

    def latest(self, name: str) -> dict[str, Any]:
        """The last session of a search; raises SpecError when the cluster has none."""
        rows = self.rows()
        ours = [row for row in rows if row["search"] == name]
        if not ours:
            known = {row["search"] for row in rows}
            raise SpecError(
                unknown("search", name, known)
                if known
                else "no search was submitted to this cluster yet."
            )
        return max(ours, key=lambda row: row["session"])

    def submit(self, search: Search, flags: Sequence[str]) -> str:
        """Submits a search, or goes on with it, and returns the submission id.

        Args:
            flags: of ``run``, beside the search itself.

        Raises:
            SpecError: it is live there, or its rows lie in a file on this machine.
        """
        if search.dataset_sha256 is not None:
            raise SpecError(
                f"the rows of {search.name!r} lie in {search.dataset}, on this machine; log in to the head and `run` it there."
            )
        sessions = [row for row in self.rows() if row["search"] == search.name]
        for row in sessions:
            if row["state"] in LIVE:
                raise SpecError(
                    f"search {search.name!r} is live on the cluster; see it with `frontier-search attach {search.name}`."
                )
        session = len(sessions) + 1
        with tempfile.TemporaryDirectory(prefix="submission-") as folder:
            (Path(folder) / "search.yaml").write_text(search.to_yaml())
            _copy_modules(search, Path(folder))
            command = [
                "python",
                "-m",
                "frontier_search",
                "run",
                "search.yaml",
                "--resume",
                "--address",
                "auto",
                *flags,
            ]
            with _answering():
                return str(
                    self.client.submit_job(  # no entrypoint_num_cpus: with it the driver may land on a spot worker
                        entrypoint=shlex.join(command),
                        submission_id=search.name if session == 1 else f"{search.name}~{session}",
                        runtime_env={"working_dir": folder},
                        metadata={"search": search.name, "session": str(session)},
                    )
                )

    def stop(self, name: str) -> bool:
        """Stops a search, resumable; False when it was not live. Ray sends SIGTERM, and SIGKILL after 3 s: either loses nothing."""
        submission_id = self.latest(name)["id"]
        with _answering():
            return bool(self.client.stop_job(submission_id))

    def logs(self, name: str) -> str:
        submission_id = self.latest(name)["id"]
        with _answering():
            return str(self.client.get_job_logs(submission_id))

    def follow(self, submission_id: str, show: Callable[[str], object]) -> str:
        """Shows what a session prints until it ends, and returns its last state; raises SearchError when the cluster is lost meanwhile."""

        async def tail() -> None:
            async for text in self.client.tail_job_logs(submission_id):
                show(text)

        with _answering("the head, or the way to it, was lost"):
            asyncio.run(tail())
            return str(self.client.get_job_status(submission_id).value)


@contextmanager
def _answering(what: str = "the cluster does not answer") -> Iterator[None]:
    """Raises SearchError for whatever the client raises: Ray's own errors, those of requests and aiohttp, and RuntimeError."""
    try:
        yield
    except Exception as error:
        raise SearchError(
            f"{what}: {' '.join(str(error).split()) or type(error).__name__}"
        ) from error


def _copy_modules(search: Search, folder: Path) -> None:
    """The user's own families, dataset and sampler: each module's file, and the YAML file beside it."""
    paths = [name for name in (*search.spaces, search.sampler) if is_import_path(name)]
    if search.dataset_reference.kind.users_code:
        paths.append(search.dataset)
    for module in {path.partition(":")[0].partition(".")[0] for path in paths}:
        spec = importlib.util.find_spec(module)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None:
            continue
        if origin.name == "__init__.py":
            shutil.copytree(
                origin.parent, folder / module, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            for path in (origin, origin.with_suffix(".yaml")):
                if path.exists():
                    shutil.copy(path, folder)

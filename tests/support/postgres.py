"""A PostgreSQL server for tests: the distribution's package, in a folder of its own, on loopback, stopped and started at will."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

DATABASE = "postgres"


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl: the newest version that is installed, or None."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3].split(".")[0]),
    )
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


class Server:
    """One server, running; its only user is trusted, from this machine alone.

    Args:
        folder: an empty one that the server's user may enter.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.data = folder / "data"
        self.user = (
            "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        )  # initdb refuses to be root
        if os.getuid() == 0:
            shutil.chown(folder, self.user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            self.user,
            "-A",
            "trust",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
        )
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -F"
        self._run(
            "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-t",
            "60",
            "-l",
            self.folder / "log",
            "-o",
            options,
            "start",
        )

    def stop(self) -> None:
        """At once, in the midst of what it does."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def clear(self) -> None:
        """Drops every table."""
        self._run(
            "psql",
            "-h",
            "127.0.0.1",
            "-p",
            self.port,
            "-d",
            DATABASE,
            "-qc",
            "drop schema public cascade; create schema public",
        )

    def _run(self, program: str, *arguments: object) -> None:
        path = self.programs / program
        user = self.user if os.getuid() == 0 else None
        command = [str(path if path.exists() else program), *map(str, arguments)]
        subprocess.run(
            command,
            check=True,
            user=user,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            timeout=120,
        )


@contextmanager
def running() -> Iterator[Server]:
    """A server for a while; skips the test where PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        pytest.skip(
            "PostgreSQL is not installed (apt-get install postgresql): storage in a database server is NOT tested"
        )
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), programs)
        try:
            yield server
        finally:
            server.stop()

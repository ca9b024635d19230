"""A PostgreSQL server for tests: the distribution's package, in its own folder, on loopback."""

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
    """Returns the folder of initdb and pg_ctl in the newest installed version, or None."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3].split(".")[0]),
    )
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


class Server:
    """A running server, which trusts its only user and listens only on this machine.

    Args:
        folder: an empty folder that the server's user may enter.
        programs: the folder of initdb and pg_ctl.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self.folder, self.programs = folder, programs
        self.data = folder / "data"
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if self.user == "root":  # which initdb refuses
            self.user = "postgres"
            shutil.chown(folder, self.user)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        account = ("-U", self.user, "-A", "trust")
        self._run("initdb", "-D", self.data, *account, "--no-sync", "-E", "UTF8", "--locale=C")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k {self.folder} -F"
        waiting, log = ("-w", "-t", "60"), ("-l", self.folder / "log")
        self._run("pg_ctl", "-D", self.data, *waiting, *log, "-o", options, "start")

    def stop(self) -> None:
        """Stops at once, in the middle of transactions."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", "immediate", "stop")

    def clear(self) -> None:
        """Drops every table."""
        statement = "drop schema public cascade; create schema public"
        self._run("psql", "-h", "127.0.0.1", "-p", self.port, "-d", DATABASE, "-qc", statement)

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
    """Runs a server inside the block; skips the test where PostgreSQL is not installed."""
    programs = binaries()
    if programs is None:
        pytest.skip(
            "PostgreSQL is not installed (apt-get install postgresql):"
            " storage in a database server is NOT tested"
        )
    with tempfile.TemporaryDirectory(prefix="postgres-", ignore_cleanup_errors=True) as folder:
        server = Server(Path(folder), programs)
        try:
            yield server
        finally:
            server.stop()

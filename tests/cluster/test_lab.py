"""The lab itself: its hosts are isolated, and nothing of them remains."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cluster.lab.meter import memory
from tests.cluster.lab.site import SHARED, WORKERS, onprem
from tests.cluster.lab.user import User
from tests.support.processes import descendants

SSH = (
    "ssh",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "ConnectTimeout=2",
    "-o",
    "LogLevel=ERROR",
)


def test_hosts_are_isolated_and_nothing_of_them_remains(lab_folder: Path) -> None:
    before = (
        descendants(os.getpid()),
        Path("/proc/self/mounts").read_text(),
        Path("/proc/net/dev").read_text().count(":"),
    )
    with onprem(lab_folder) as site:
        user = User(site.laptop, site.file)
        worker = site.workers[0]

        def on_worker(*words: str) -> str:
            done = user.host.run(*SSH, f"frontier@{WORKERS[0]}", *words)
            return done.stdout.strip() if done.returncode == 0 else "unreachable"

        assert on_worker("hostname") == worker.name
        assert on_worker("ls -A /home") == "frontier"
        assert lab_folder.exists() and lab_folder.name not in on_worker("ls -A /tmp")
        assert int(on_worker("ps -e | wc -l")) < 15  # only its own processes
        on_worker(f"echo seen > {SHARED}/note; echo hidden > /tmp/note")
        assert (site.runs / "note").read_text() == "seen\n"
        assert not Path("/tmp/note").exists() and not site.head.path("/tmp/note").exists()
        assert memory({worker.pid}) > 2**20
        worker.unplug()
        assert on_worker("true") == "unreachable"
        worker.plug_in()
        assert on_worker("cat /tmp/note") == "hidden"
        worker.kill()
        assert on_worker("true") == "unreachable"
        worker.boot()
        assert on_worker(f"cat {SHARED}/note; ls /tmp/note || true").startswith("seen")
    after = (
        descendants(os.getpid()),
        Path("/proc/self/mounts").read_text(),
        Path("/proc/net/dev").read_text().count(":"),
    )
    assert after == before

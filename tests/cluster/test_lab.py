"""The lab itself: hosts are apart from each other and from this machine, and nothing of them is left."""

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


def test_hosts_are_apart_and_nothing_is_left(lab_folder: Path) -> None:
    before = (
        descendants(os.getpid()),
        Path("/proc/self/mounts").read_text(),
        Path("/proc/net/dev").read_text().count(":"),
    )
    with onprem(lab_folder) as site:
        user = User(site.laptop, site.file)
        worker = site.workers[0]

        def over(*words: str) -> str:
            done = user.host.run(*SSH, f"frontier@{WORKERS[0]}", *words)
            return done.stdout.strip() if done.returncode == 0 else "unreachable"

        assert over("hostname") == worker.name
        assert over("ls -A /home") == "frontier"
        assert lab_folder.exists() and lab_folder.name not in over("ls -A /tmp")
        assert int(over("ps -e | wc -l")) < 15  # of its own; not the laptop's, not this machine's
        over(f"echo seen > {SHARED}/note; echo hidden > /tmp/note")
        assert (site.runs / "note").read_text() == "seen\n"
        assert not Path("/tmp/note").exists() and not site.head.path("/tmp/note").exists()
        assert memory({worker.pid}) > 2**20
        worker.unplug()
        assert over("true") == "unreachable"
        worker.plug_in()
        assert over("cat /tmp/note") == "hidden"
        worker.kill()
        assert over("true") == "unreachable"
        worker.boot()
        assert over(f"cat {SHARED}/note; ls /tmp/note || true").startswith("seen")
    after = (
        descendants(os.getpid()),
        Path("/proc/self/mounts").read_text(),
        Path("/proc/net/dev").read_text().count(":"),
    )
    assert after == before

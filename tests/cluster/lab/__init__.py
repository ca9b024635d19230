"""Several hosts on one machine, and a region of EC2 whose instances are such hosts, made of the kernel's namespaces.

A host has an address, an sshd, a ``/tmp``, a home, processes and a shared memory of its own, and nothing that it does is seen outside:
``ray stop`` finds the processes of its host alone. No namespace has a name in the file system and every process of a host dies with its
pid 1, which dies with the test: nothing of it is left, whatever ends the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
KEPT = tuple(
    sorted({str(ROOT), sys.prefix, sys.base_prefix})
)  # what hosts see of this machine in /tmp, /root and /home
TOOLS = {
    "ip": "iproute2", "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux", "mount": "mount",
    "/usr/sbin/sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client", "rsync": "rsync",
}  # fmt: skip


def missing() -> str:
    """Why there can be no hosts here; empty when there can."""
    absent = sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})
    if sys.platform != "linux" or os.geteuid() != 0:
        return "hosts are namespaces, which root makes on Linux"
    if absent:
        return f"missing packages: {', '.join(absent)}"
    tried = subprocess.run(
        ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "true"],
        capture_output=True,
        text=True,
    )
    if tried.returncode:
        return f"namespaces are not allowed: {tried.stderr.strip()}"
    closed = [path for path in KEPT if Path(path).stat().st_mode & 0o005 != 0o005]
    return f"not every user may read {', '.join(closed)}" if closed else ""

"""Several hosts on one machine, made of the kernel's namespaces, and a region of EC2 made of them.

Every host has its own address, sshd, ``/tmp``, home, processes and shared memory. Nothing outside
sees what a host does: ``ray stop`` finds only the processes of its host. Nothing of a host remains
after the test, however the test ends: no namespace has a name in the file system, every process of
a host dies with its pid 1, and that dies with the test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# the folders of this machine that hosts see although they lie in /tmp, /root or /home
VISIBLE_FOLDERS = tuple(sorted({str(ROOT), sys.prefix, sys.base_prefix}))
TOOLS = {  # command -> the package that has it
    "ip": "iproute2", "mount": "mount", "rsync": "rsync",
    "unshare": "util-linux", "nsenter": "util-linux", "setpriv": "util-linux",
    "/usr/sbin/sshd": "openssh-server", "ssh": "openssh-client", "ssh-keygen": "openssh-client",
}  # fmt: skip


def missing() -> str:
    """Returns why hosts cannot run on this machine, or an empty string if they can."""
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
    closed = [path for path in VISIBLE_FOLDERS if Path(path).stat().st_mode & 0o005 != 0o005]
    return f"not every user may read {', '.join(closed)}" if closed else ""

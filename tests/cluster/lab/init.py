"""pid 1 of a host: mounts its own folders, starts sshd, and waits for processes that end.

    python init.py '{"name": ..., "address": ..., "user": ..., "home": ..., ...}'

The argument is a ``hosts.Disk`` with the name and the address of the host.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

OWN_FOLDERS = {  # path -> mode: the host has an empty folder here
    "/tmp": "1777",
    "/dev/shm": "1777",
    "/root": "755",
    "/home": "755",
    "/srv": "755",
    "/mnt": "755",
}
STAGE = Path("/run/stage")
UID = 1000
SSHD = """\
HostKey /run/host_key
AuthorizedKeysFile .ssh/authorized_keys
PasswordAuthentication no
UsePAM no
MaxStartups 50
MaxSessions 50
Subsystem sftp internal-sftp
PidFile none
"""


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def disk(spec: dict[str, Any]) -> None:
    """Hides folders of this machine behind empty ones, except what is visible or shared."""
    mount("-t", "proc", "proc", "/proc")
    mount("-t", "tmpfs", "tmpfs", "/run")
    paths = {  # on this machine -> on the host
        path: path
        for path in spec["visible"]
        if any(path.startswith(f"{own}/") for own in OWN_FOLDERS)
    } | spec["shared"]
    for number, path in enumerate(paths):
        (STAGE / str(number)).mkdir(parents=True)
        mount("--bind", path, STAGE / str(number))
    for own, mode in OWN_FOLDERS.items():
        mount("-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", own)
    for number, (path, on_host) in enumerate(paths.items()):
        Path(on_host).mkdir(parents=True, exist_ok=True)
        mount("--bind", STAGE / str(number), on_host)
        if path in spec["visible"]:
            mount("-o", "remount,bind,ro", on_host)


def people(spec: dict[str, Any]) -> None:
    """Writes the accounts and the home of the user, who logs in with the key."""
    user, home = spec["user"], Path(spec["home"])
    etc = {
        "passwd": "root:x:0:0::/root:/bin/bash\n"
        "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n"
        f"{user}:x:{UID}:{UID}::{home}:/bin/bash\n",
        "group": f"root:x:0:\nnogroup:x:65534:\n{user}:x:{UID}:\n",
        "shadow": f"root:*:19000:0:99999:7:::\n{user}:*:19000:0:99999:7:::\n",
        "hosts": f"127.0.0.1 localhost\n{spec['address']} {spec['name']}\n",
    }
    for name, text in etc.items():
        own = Path("/run") / name
        own.write_text(text)
        own.chmod(0o600 if name == "shadow" else 0o644)
        mount("--bind", own, f"/etc/{name}")
    exports = "".join(f"export {key}='{value}'\n" for key, value in spec["environment"].items())
    files = {
        ".bashrc": exports,
        ".profile": ". ~/.bashrc\n",
        ".ssh/authorized_keys": spec["key"],
    } | spec["files"]
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
        (home / name).chmod(0o600)
    for name, target in spec["links"].items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).symlink_to(target)
    (home / ".ssh").chmod(0o700)
    for folder, below, names in os.walk(home):
        for name in (".", *below, *names):
            with suppress(OSError):  # read-only folders
                os.chown(Path(folder) / name, UID, UID, follow_symlinks=False)


def main() -> None:
    spec = json.loads(sys.argv[1])
    socket.sethostname(spec["name"])
    disk(spec)
    people(spec)
    if spec["key"]:
        Path("/run/sshd").mkdir(mode=0o755)
        Path("/run/sshd_config").write_text(SSHD)
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/run/host_key"], check=True
        )
        subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", "/run/sshd_config"])
    Path("/run/booted").touch()
    while True:  # pid 1 has to wait for orphans
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.5)


if __name__ == "__main__":
    main()

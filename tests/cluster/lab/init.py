"""pid 1 of a host: mounts what makes it a machine of its own, starts sshd, and waits for every process that ends.

python init.py '{"name": ..., "user": ..., "home": ..., ...}'      (hosts.Disk, and what is the host's own)
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

HIDDEN = {
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
    """Folders of its own in place of the machine's; of those, only what is kept or shared stays to be seen."""
    mount("-t", "proc", "proc", "/proc")
    mount("-t", "tmpfs", "tmpfs", "/run")
    seen = {
        path: path
        for path in spec["kept"]
        if any(path.startswith(f"{hidden}/") for hidden in HIDDEN)
    } | spec["shared"]
    for number, path in enumerate(seen):
        (STAGE / str(number)).mkdir(parents=True)
        mount("--bind", path, STAGE / str(number))
    for hidden, mode in HIDDEN.items():
        mount("-t", "tmpfs", "-o", f"mode={mode}", "tmpfs", hidden)
    for number, (path, place) in enumerate(seen.items()):
        Path(place).mkdir(parents=True, exist_ok=True)
        mount("--bind", STAGE / str(number), place)
        if path in spec["kept"]:
            mount("-o", "remount,bind,ro", place)


def people(spec: dict[str, Any]) -> None:
    """root, the user, and what sshd needs; whoever has the key comes in as the user."""
    user, home = spec["user"], Path(spec["home"])
    etc = {
        "passwd": f"root:x:0:0::/root:/bin/bash\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n{user}:x:{UID}:{UID}::{home}:/bin/bash\n",
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
            with suppress(OSError):  # what is shared read-only
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
    while True:  # orphans are pid 1's to wait for
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(0.5)


if __name__ == "__main__":
    main()

"""Hosts and the network between them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ctypes import CDLL, get_errno
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path

from tests.cluster.lab import ROOT, VISIBLE_FOLDERS
from tests.cluster.lab.init import UID
from tests.support.processes import ENVIRONMENT, until

INIT = Path(__file__).with_name("init.py")
BOOT_S = 20.0
CLONE_NEWNET = 0x40000000
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")
PATH = f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Disk:
    """What a host has when it boots.

    Attributes:
        user, home: the account and its home folder; the only other account is root.
        key: the public key that sshd accepts; empty for a host without an sshd.
        environment: the variables of every shell.
        shared: folder of this machine -> its path on the host.
        files: path in the home -> content.
        links: path in the home -> target.
        visible: folders of this machine, read-only, that lie where the host has its own.
    """

    user: str
    home: str
    key: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    shared: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    visible: Sequence[str] = VISIBLE_FOLDERS


def environment(**more: str) -> dict[str, str]:
    """Returns the variables of a shell in which the package and its libraries are installed."""
    return {"PATH": PATH, "RAY_USAGE_STATS_ENABLED": "0", "LANG": "C.UTF-8"} | ENVIRONMENT | more


class Host:
    """A host. It runs, or it was killed and may boot again with an empty disk.

    Args:
        addresses: with prefix lengths, such as 192.0.2.10/24. SSH uses the first.
        log: the file for the output of its pid 1 and sshd.
    """

    def __init__(
        self, network: Network, name: str, addresses: Sequence[str], disk: Disk, log: Path
    ) -> None:
        self.network, self.name, self.addresses, self.disk, self.log = (
            network,
            name,
            tuple(addresses),
            disk,
            log,
        )
        self.address = addresses[0].partition("/")[0]
        self.number = next(network.numbers)
        self.plug = f"plug{self.number}"
        self._commands: list[subprocess.Popen[bytes]] = []
        self.boot()

    def boot(self) -> None:
        spec = json.dumps(asdict(self.disk) | {"name": self.name, "address": self.address})
        new = (
            "unshare",
            "--net",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
            "--fork",
            "--kill-child",
            "--propagation",
            "private",
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*DIES_WITH_US, *new, sys.executable, str(INIT), spec],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
            )
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until(
            lambda: self._gone() or children.read_text().split(),
            BOOT_S,
            f"{self.name} begins",
            0.01,
        )
        assert not self._gone(), self.log.read_text()
        self.pid = int(children.read_text().split()[0])
        self.network.connect(self)
        until(
            lambda: self._gone() or self.path("/run/booted").exists(),
            BOOT_S,
            f"{self.name} boots",
            0.02,
        )
        assert not self._gone(), self.log.read_text()
        if self.disk.key:
            listening = Path(f"/proc/{self.pid}/net/tcp")
            until(
                lambda: f":{22:04X} 00000000:0000 0A" in listening.read_text(),
                BOOT_S,
                f"{self.name} listens for SSH",
                0.02,
            )

    def _gone(self) -> bool:
        return self._process.poll() is not None

    def path(self, path: str) -> Path:
        """Returns the path by which this process reaches a file of the running host."""
        return Path(f"/proc/{self.pid}/root{path}")

    def kill(self) -> None:
        """Ends every process of the host at once."""
        with suppress(ProcessLookupError):
            if not self._gone():
                os.kill(self.pid, signal.SIGKILL)
        for process in (self._process, *self._commands):
            process.wait()

    def unplug(self) -> None:
        """Cuts the host off from the network. Its processes keep running."""
        self.network.switch("ip", "link", "set", self.plug, "down")

    def plug_in(self) -> None:
        self.network.switch("ip", "link", "set", self.plug, "up")

    def command(self, *words: object) -> list[str]:
        """Returns the command with which this process runs a command on the host.

        It runs as the host's user, in the folder of the checkout.
        """
        inside = (
            "nsenter",
            "--target",
            str(self.pid),
            "--net",
            "--mount",
            "--uts",
            "--ipc",
            "--pid",
        )
        account = ("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups")
        settings = {"HOME": self.disk.home, "USER": self.disk.user, **self.disk.environment}
        return [
            *inside,
            *account,
            "env",
            "-i",
            "-C",
            str(ROOT),
            *(f"{key}={value}" for key, value in settings.items()),
            *map(str, words),
        ]

    def start(self, *words: object, log: Path) -> subprocess.Popen[bytes]:
        """Starts a command, with both streams in the log.

        It is a process group of its own, so that a signal to the group acts like Ctrl-C.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*DIES_WITH_US, *self.command(*words)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._commands.append(process)
        return process

    def run(self, *words: object, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
        """Runs a command to its end, with both streams in ``stdout``."""
        return subprocess.run(
            [*DIES_WITH_US, *self.command(*words)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )


class Network:
    """A switch and the hosts that are plugged into it. All of it ends with the ``with`` block.

    Args:
        folder: where the logs of the hosts are written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hosts: dict[str, Host] = {}
        self.numbers = count(1)

    def __enter__(self) -> Network:
        self._switch = subprocess.Popen([*DIES_WITH_US, "unshare", "--net", "sleep", "infinity"])
        ours = Path("/proc/self/ns/net").readlink()
        until(
            lambda: Path(f"/proc/{self._switch.pid}/ns/net").readlink() != ours,
            BOOT_S,
            "the switch",
            0.01,
        )
        self.switch("ip", "link", "add", "bridge", "type", "bridge")
        self.switch("ip", "link", "set", "bridge", "up")
        return self

    def __exit__(self, *error: object) -> None:
        for host in list(self.hosts.values()):
            self.remove(host.name)
        self._switch.kill()
        self._switch.wait()

    def add(self, name: str, addresses: Sequence[str], disk: Disk) -> Host:
        self.hosts[name] = Host(self, name, addresses, disk, self.folder / f"{name}.log")
        return self.hosts[name]

    def remove(self, name: str) -> None:
        self.hosts.pop(name).kill()

    def switch(self, *words: str) -> None:
        _in_network(self._switch.pid, *words)

    def cables(self) -> str:
        """Returns the kernel's table of the cables that are plugged into the switch."""
        return Path(f"/proc/{self._switch.pid}/net/dev").read_text()

    def connect(self, host: Host) -> None:
        """Plugs a cable from the host into the switch.

        The host keeps its hardware address when it boots again. Otherwise its neighbours would
        send to the old one.
        """
        card = f"02:00:00:00:{host.number // 256:02x}:{host.number % 256:02x}"
        # the kernel removes the cable of a killed host some time after the kill
        until(
            lambda: f"{host.plug}:" not in self.cables(),
            BOOT_S,
            f"the cable of {host.name} is gone",
            0.02,
        )
        far_end = f"peer name eth0 address {card} netns {host.pid}"
        self.switch(*f"ip link add {host.plug} type veth {far_end}".split())
        self.switch("ip", "link", "set", host.plug, "master", "bridge", "up")
        for address in host.addresses:
            _in_network(host.pid, "ip", "addr", "add", address, "dev", "eth0")
        for link in ("lo", "eth0"):
            _in_network(host.pid, "ip", "link", "set", link, "up")
        _in_network(host.pid, "ip", "route", "add", "default", "dev", "eth0")


def _in_network(pid: int, *words: str) -> None:
    subprocess.run(["nsenter", "--target", str(pid), "--net", *words], check=True)


def enter_network(pid: int) -> None:
    """Moves the calling thread into the network of a process."""
    with Path(f"/proc/{pid}/ns/net").open() as network:
        if CDLL(None, use_errno=True).setns(network.fileno(), CLONE_NEWNET):
            raise OSError(get_errno(), os.strerror(get_errno()))

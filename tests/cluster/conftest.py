"""Fixtures of the tests that run on hosts of the lab."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.lab import missing
from tests.cluster.lab.meter import Meter
from tests.cluster.lab.site import Site, onprem

if TYPE_CHECKING:
    from tests.cluster.lab.cloud import Cloud


def say(request: pytest.FixtureRequest, sentence: str) -> None:
    """Prints a sentence on the terminal, whether the test passes or fails."""
    plugins = request.config.pluginmanager
    reporter, capture = plugins.getplugin("terminalreporter"), plugins.getplugin("capturemanager")
    if reporter and capture:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"\n{request.node.name}: {sentence}")


@pytest.fixture
def lab_folder() -> Iterator[Path]:
    """The folder for what outlives the hosts. Skips, with the reason, where hosts cannot run."""
    if reason := missing():
        pytest.skip(f"{reason}: clusters are NOT tested on hosts")
    pytest.importorskip(
        "aiohttp_cors",
        reason="ray[default] (the extra `cluster`) is missing: clusters are NOT tested on hosts",
    )
    with tempfile.TemporaryDirectory(prefix="lab-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def site(request: pytest.FixtureRequest, lab_folder: Path) -> Iterator[Site]:
    with onprem(lab_folder) as site, Meter(site.network) as meter:
        yield site
    say(request, meter.summary)


@pytest.fixture
def cloud(request: pytest.FixtureRequest, lab_folder: Path) -> Iterator[Cloud]:
    pytest.importorskip(
        "moto.server", reason="moto[server] (the extra `dev`) is missing: EC2 is NOT tested"
    )
    from tests.cluster.lab.cloud import aws

    with aws(lab_folder, "g6.xlarge") as cloud, Meter(cloud.network) as meter:
        yield cloud
    say(request, meter.summary)

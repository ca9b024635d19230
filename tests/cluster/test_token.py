"""The token of a cluster: made once, for its owner only, and needed before anything starts."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontier_search.cli.main import group
from frontier_search.cluster import token
from frontier_search.cluster.file import ClusterFile
from frontier_search.errors import SpecError

ROOT = Path(__file__).parents[2]


def test_init_makes_a_token_that_only_we_may_read_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):
        assert (
            CliRunner()
            .invoke(group, ["cluster", "init", str(ROOT / "cluster" / "gpu.yaml")])
            .exit_code
            == 0
        )
    path = tmp_path / ".frontier-search" / "frontier-search" / "secrets" / "auth_token"
    assert path == ClusterFile.read(ROOT / "cluster" / "gpu.yaml").token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    first = token.read(path)
    assert len(first) == 64
    assert not token.make(path)
    assert token.read(path) == first


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "auth_token"
    token.make(path)
    path.chmod(0o644)
    with pytest.raises(SpecError, match="others may read the token"):
        token.read(path)
    with pytest.raises(SpecError, match="there is no token"):
        token.read(tmp_path / "none")


def test_nothing_is_started_without_a_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    result = CliRunner().invoke(group, ["cluster", "up", str(ROOT / "cluster" / "gpu.yaml")])
    assert isinstance(result.exception, SpecError)
    assert "there is no token" in str(result.exception)

"""Where a search keeps its storage, its outcomes and its mirror."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from frontier_search.errors import SpecError
from frontier_search.storage import catalog
from frontier_search.storage.locations import Locations
from tests.cli.results import HERE, ROOT, Run, mistakes, only_mistake
from tests.support import s3


@pytest.mark.parametrize("command", ["run", "sweep"])
@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (
            "gs://frontier/outcomes",
            "--outcomes 'gs://frontier/outcomes': give a folder's path, or s3://BUCKET/PATH",
        ),
        (
            "s3://no-such-bucket/outcomes",
            (
                "--outcomes s3://no-such-bucket/outcomes cannot be used:"
                " The specified bucket does not exist."
            ),
        ),
        ("/proc/outcomes", "--outcomes /proc/outcomes cannot be used: No such file or directory."),
    ],
)
def test_a_location_of_outcomes_that_cannot_be_used_is_refused(
    command: str, outcomes: str, words: str, run: Run, tmp_path: Path
) -> None:
    with s3.running():
        what = (
            ["run", "--dataset", "iris"]
            if command == "run"
            else ["sweep", ROOT / "search_spaces" / "compact.yaml"]
        )
        (said,) = mistakes(run(*what, "--outcomes", outcomes, "--home", tmp_path / "home"))
    assert said.startswith(words)
    assert not (tmp_path / "home").exists()


def test_the_location_of_outcomes_may_come_from_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a cluster's files set it."""
    monkeypatch.setenv("FRONTIER_SEARCH_OUTCOMES", str(tmp_path / "shared"))
    flags = [
        "--trials",
        2,
        "--epochs",
        1,
        "--seeds",
        1,
        "--executor",
        "inline",
        "--no-mirror",
        "--home",
        tmp_path / "home",
    ]
    assert (
        run("run", "--dataset", "iris", "--name", "toy-3", "--families", "dense", *flags).code == 0
    )
    monkeypatch.delenv("FRONTIER_SEARCH_OUTCOMES")
    entry = catalog.find("toy-3", tmp_path / "home")
    assert entry.locations.outcomes == str(tmp_path / "shared")
    assert {path.name for path in (tmp_path / "shared" / "toy-3" / "told").iterdir()} == {
        "00000.json",
        "search.yaml",
    }
    shutil.rmtree(tmp_path / "shared")
    (tmp_path / "shared").touch()
    resumed = run(
        "resume", "toy-3", "--executor", "inline", "--no-mirror", "--home", tmp_path / "home"
    )
    assert resumed.code == 2
    assert f"--outcomes {tmp_path}/shared/toy-3 cannot be used: Not a directory." in resumed.err


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


ELSEWHERE = {
    "storage": "sqlite:///{}/other.db",
    "outcomes": "{}/other",
    "tracking_uri": "sqlite:///{}/other-mirror.db",
}


@pytest.mark.parametrize("chosen", [False, True], ids=["by default", "by name"])
@pytest.mark.parametrize("command", ["run", "sweep"])
def test_a_search_is_not_continued_in_another_location(
    command: str, chosen: bool, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = {
        "dataset": "iris",
        "families": {"dense": {"hidden": 4}},
        "trials": 2,
        "epochs": 1,
        "seeds": 1,
    }
    file, home = tmp_path / "mine.yaml", tmp_path / "home"
    file.write_text(
        yaml.safe_dump({"defaults": {}, "searches": {"one": spec}} if command == "sweep" else spec)
    )
    what = [
        command,
        file,
        "--name",
        "mine",
        "--home",
        home,
        *HERE,
        *(["--resume"] if command == "run" else []),
    ]

    def flags(given: dict[str, str]) -> list[str]:
        return [
            word
            for key, location in given.items()
            for word in (f"--{key.replace('_', '-')}", location.format(tmp_path))
        ]

    ours = (
        {
            "storage": "sqlite:///{}/ours.db",
            "outcomes": "{}/ours",
            "tracking_uri": "sqlite:///{}/mirror.db",
        }
        if chosen
        else {}
    )
    assert run(*what, *flags(ours)).code == 0
    before = contents(tmp_path)
    more = (
        ["--trials", 50] if command == "run" else []
    )  # which a refused command does not write down either
    for key, location in ELSEWHERE.items():
        option = f"--{key.replace('_', '-')}"
        said = only_mistake(run(*what, *more, *flags({key: location})))
        assert said.startswith(f"{option} {location.format(tmp_path)}: ")
        was = (
            f"with {option} {ours[key].format(tmp_path)}"
            if chosen
            else "with --"
            if key != "outcomes"
            else "without --outcomes"
        )
        assert f"'mine' in {home} was defined {was}" in said
        assert f"leave {option} out to continue there, or choose another --name" in said
    assert len(mistakes(run(*what, *flags(ELSEWHERE)))) == 3
    assert contents(tmp_path) == before
    monkeypatch.setenv(
        "FRONTIER_SEARCH_OUTCOMES", str(tmp_path / "variable")
    )  # where new searches go, and no answer of the user's
    for given in (
        {},
        ours,
        {"storage": "sqlite:///{}/ours.db"} if chosen else {"storage": "journal"},
    ):
        assert run(*what, *flags(given)).code == 0
    assert not {path.name for path in tmp_path.iterdir()} & {"other", "other.db", "variable"}


def test_a_changed_password_is_no_other_location_and_is_not_shown() -> None:
    ours = Locations("postgresql+psycopg://me:old@host/searches", "http://me:old@mlflow")
    ours.refuse_another(
        Locations("postgresql+psycopg://me:new@host/searches", "http://me:new@mlflow"),
        ["storage", "tracking_uri"],
        "it",
    )
    with pytest.raises(SpecError) as caught:
        ours.refuse_another(
            Locations("postgresql+psycopg://me:new@other/searches", "http://me:new@mlflow"),
            ["storage"],
            "it",
        )
    assert "old" not in str(caught.value)
    assert "new@" not in str(caught.value)


def test_a_relative_path_of_outcomes_is_refused_for_a_cluster(run: Run) -> None:
    said = only_mistake(
        run(
            "submit", "--dataset", "iris", "--outcomes", "shared", "--cluster", "http://127.0.0.1:1"
        )
    )
    assert (
        said
        == "--outcomes shared: the nodes do not see this folder; give an absolute path that they"
        " see, or s3://BUCKET/PATH."
    )

"""Counts every row of the published results exactly, and reports each mistake in a sentence."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from frontier_search.cli.main import group
from frontier_search.data.datasets import DATASETS
from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES
from frontier_search.search.claim import TABLES
from frontier_search.search.counting import describe
from frontier_search.table.options import TableOptions

PUBLISHED = list(csv.DictReader((TABLES / "published.csv").read_text().splitlines()))


def count(family: str, dataset: str, settings: list[str]) -> dict[str, int]:
    return describe(family, dataset, settings).size()


def problems(family: str, dataset: str, *settings: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        count(family, dataset, list(settings))
    return list(caught.value.problems)


def test_all_published_rows_are_here() -> None:
    assert len(PUBLISHED) == 25


@pytest.mark.parametrize(
    "row", PUBLISHED, ids=lambda row: f"{row['dataset']}-{row['family']}-{row['hidden']}"
)
def test_published_parameters_are_counted_exactly(row: dict[str, str]) -> None:
    arguments = [
        "count",
        row["family"],
        "--dataset",
        row["dataset"],
        "--set",
        f"hidden={row['hidden']}",
    ]
    expected = int(row["effective_parameters"])
    result = CliRunner().invoke(group, [*arguments, "--format", "json"], catch_exceptions=False)
    size = json.loads(result.stdout)
    assert size["effective"] == expected
    assert size == count(row["family"], row["dataset"], [f"hidden={row['hidden']}"])
    assert list(size) == ["raw", "effective", "flops", "bytes"]
    assert str(expected) in CliRunner().invoke(group, arguments).stdout


def test_the_console_command_prints_the_counts_and_nothing_else() -> None:
    command = [
        sys.executable,
        "-m",
        "frontier_search",
        "count",
        "dense",
        "--dataset",
        "digits",
        "--set",
        "hidden=8",
        "--format",
        "json",
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout)["effective"] == 682
    assert result.stderr == ""


@pytest.mark.parametrize("family", list(FAMILIES))
@pytest.mark.parametrize("dataset", list(DATASETS))
def test_every_family_is_counted_for_every_dataset(family: str, dataset: str) -> None:
    space = FAMILIES[family].default_space((1e-3, 1e-2)).names()
    settings = [
        f"{name}={value}" for name, value in (("hidden", 16), ("channels", 4)) if name in space
    ]
    if FAMILIES[family].image and not DATASETS[dataset].square_image:
        (problem,) = problems(family, dataset, *settings)
        assert problem == (
            f"family {family!r} takes square images of one channel; {dataset!r} holds no images. "
            "Take digits, mnist, fashion_mnist, mnist_5k, "
            "or an .npz file whose X has the shape (n, side, side)."
        )
        return
    if FAMILIES[family].sequence and not DATASETS[dataset].sequence:
        (problem,) = problems(family, dataset, *settings)
        assert problem == (
            f"family {family!r} takes sequences; {dataset!r} holds none. Take mnist1d, narma10, "
            "mackey_glass, lorenz, japanese_vowels, an .npz file whose X has the shape "
            "(n, time, channels), a table with --sequence ID --time T, or one series with "
            "--time T --window STEPS."
        )
        return
    size = count(family, dataset, settings)
    assert 0 < size["effective"] <= size["raw"]
    assert size["bytes"] >= 4 * size["raw"]


def test_a_family_of_images_needs_its_channels() -> None:
    assert problems("scaffold", "digits") == [
        "the size depends on `channels`; give it with --set channels=8."
    ]


def test_images_of_another_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "colour.npz"
    np.savez(
        path, X=np.zeros((40, 4, 4, 4)) + np.arange(40)[:, None, None, None], y=np.arange(40) % 2
    )
    (problem,) = problems("scaffold", str(path), "channels=4")
    assert (
        f"{str(path)!r} holds images of 4 x 4 x 4 (channels, height, width). Take digits" in problem
    )


def test_a_value_outside_the_default_space_is_counted() -> None:
    assert count("dense", "friedman1", ["hidden=22"])["raw"] == 771
    assert count("kronecker", "sine", ["hidden=1024", "steps=100"])["effective"] == 3 * 1024 + 2


def test_what_does_not_change_the_size_may_be_left_out_or_given() -> None:
    for settings in (
        ["learning_rate=1e-3"],
        ["learning_rate=0.5"],
        ["spectral_radius=2", "graph_noise=0.5"],
    ):
        assert count("kronecker", "sine", ["hidden=8", "steps=2", *settings]) == count(
            "kronecker", "sine", ["hidden=8", "steps=2"]
        )
    assert (
        count("kronecker", "sine", ["hidden=8", "steps=3"])["flops"]
        > count("kronecker", "sine", ["hidden=8", "steps=2"])["flops"]
    )


def test_an_assumed_value_is_printed_if_the_size_depends_on_it() -> None:
    assert describe("kronecker", "sine", ["hidden=8"]).assumed() == {"steps": 1}
    assert describe("kronecker", "sine", ["hidden=8", "steps=3"]).assumed() == {}
    assert describe("learned_kronecker", "sine", ["hidden=16"]).assumed() == {
        "initiator": 2,
        "sharing": "shared",
        "steps": 1,
    }
    command = [
        "count",
        "conv",
        "--dataset",
        "digits",
        "--set",
        "channels=4",
        "--set",
        "hidden=16",
        "--format",
        "json",
    ]
    result = CliRunner().invoke(group, command, catch_exceptions=False)
    assert result.stderr == "counted with layers = 1, grid = 2; --set gives another value.\n"
    assert json.loads(result.stdout) == count(
        "conv", "digits", ["channels=4", "hidden=16", "layers=1", "grid=2"]
    )


def test_the_last_of_two_settings_counts() -> None:
    assert count("dense", "sine", ["hidden=4", "hidden=8"]) == count("dense", "sine", ["hidden=8"])


def test_a_users_file_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,b,target\n" + "".join(f"{i / 7},{i * i % 11},{i % 3}\n" for i in range(40)))
    assert count("dense", str(path), ["hidden=4"])["raw"] == 2 * 4 + 4 + 4 * 4 + 4 + 4 * 3 + 3


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([], ["the size depends on `hidden`; give it with --set hidden=16."]),
        (
            ["hidden"],
            [
                "cannot read --set 'hidden'; write NAME=VALUE, e.g. hidden=16.",
                "the size depends on `hidden`; give it with",
            ],
        ),
        (["hidden=16", "hiden=3"], ["unknown parameter 'hiden'. Did you mean 'hidden'?"]),
        (["hidden=2.5"], ["hidden = 2.5; a whole number is needed."]),
        (["hidden=wide"], ["hidden = 'wide'; a whole number is needed."]),
        (["hidden="], ["hidden = None; a whole number is needed."]),
        (["hidden=true"], ["hidden = True; a whole number is needed."]),
        (["hidden=[16"], ["hidden = '[16'; a whole number is needed."]),
        (["hidden=[16]"], ["hidden = [16]; a whole number is needed."]),
        (["hidden=16", "learning_rate=fast"], ["learning_rate = 'fast'; a number is needed."]),
        (["hidden=0"], ["hidden = 0; at least one hidden unit is needed"]),
        (["hidden=-3"], ["hidden = -3; at least one hidden unit is needed"]),
    ],
)
def test_mistakes_in_the_settings(settings: list[str], expected: list[str]) -> None:
    found = problems("dense", "digits", *settings)
    assert len(found) == len(expected)
    assert all(problem.startswith(start) for problem, start in zip(found, expected, strict=True))


def test_a_model_that_does_not_exist_names_the_nearest() -> None:
    (problem,) = problems("kronecker", "digits", "hidden=20")
    assert problem == (
        "hidden = 20; a Kronecker graph has a power of two of units, at least 2: "
        "the nearest are 16 and 32"
    )
    assert (
        "a recurrence needs at least one step"
        in problems("kronecker", "digits", "hidden=16", "steps=0")[0]
    )


def test_an_import_path_of_something_else_is_refused() -> None:
    with pytest.raises(
        SpecError, match="'tests.support.toys:MULTICLASS' is a Dataset, not a Family"
    ):
        describe("tests.support.toys:MULTICLASS", "iris", [])


def test_an_unknown_family_and_an_unknown_dataset_are_reported_together() -> None:
    found = problems("dens", "digit", "hidden=16")
    assert [problem.partition(" Allowed")[0] for problem in found] == [
        "unknown family 'dens'. Did you mean 'dense'?",
        "unknown dataset 'digit'. Did you mean 'digits'?",
    ]


def test_bytes_count_the_rule_of_what_is_fixed_and_not_its_entries() -> None:
    def bytes_beside_the_learned(family: str) -> int:
        size = count(family, "sine", ["hidden=32", "steps=2"])
        return size["bytes"] - 4 * size["raw"]

    assert bytes_beside_the_learned("kronecker") == 16  # one 2 x 2 initiator, for all levels
    assert bytes_beside_the_learned("random_sparse") == 8  # a seed
    assert bytes_beside_the_learned("dense_random") == 8
    features = count("random_features", "sine", ["hidden=32"])
    assert features["bytes"] == 4 * features["raw"] + 8  # the seed of its input map


def test_what_is_said_of_a_table_decides_the_inputs(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "a,b,y\n" + "".join(f"{i * 7 % 13},{i * i % 17},{i % 5 / 3}\n" for i in range(40))
    )
    given = [TableOptions(), TableOptions(drop=("b",))]
    inputs = [describe("linear", str(path), (), each).dataset.n_features for each in given]
    assert inputs[0] == inputs[1] + 1

"""A YAML file that cannot be read is refused in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontier_search.errors import SpecError
from frontier_search.spec import read_yaml


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"dataset: [iris", "search.yaml is not valid YAML"),
        (b"a: b: c", "search.yaml is not valid YAML"),
        (b"\t- x", "search.yaml is not valid YAML"),
        (b"\x00\x01", "search.yaml is not valid YAML"),
        (b"\xff\xfe\xfa", "cannot read"),
        (
            b"- iris",
            "search.yaml holds a list; a search is a mapping of settings, e.g. `dataset: digits`.",
        ),
        (b"iris", "search.yaml holds text; a search is a mapping"),
        (b"iris", "If it holds rows, name it with --dataset "),
        (b"", "search.yaml holds nothing; a search is a mapping"),
        (
            b"dataset: iris\ntrials: 5\ndataset: wine",
            "search.yaml is not valid YAML at line 3, column 1: the key `dataset` is given twice.",
        ),
        (
            b"a: {b: {c: 1, c: 2}}",
            "search.yaml is not valid YAML at line 1, column 15: the key `c` is given twice.",
        ),
        (b"!!python/object/apply:os.system [exit]", "search.yaml is not valid YAML"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(
    content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / "search.yaml").write_bytes(content)
    with pytest.raises(SpecError) as caught:
        read_yaml(tmp_path / "search.yaml")
    (problem,) = caught.value.problems
    assert words in problem
    assert "\n" not in problem


def test_a_key_may_override_that_of_an_anchor(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "{base: &base {k: 1, l: 1}, deep: {inner: &inner {<<: *base, k: 2}}, "
        "last: {<<: *inner, k: 3}}"
    )
    read = read_yaml(tmp_path / "a.yaml")
    assert (read["deep"]["inner"], read["last"]) == ({"k": 2, "l": 1}, {"k": 3, "l": 1})


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"there is no file .*nosuch\.yaml\."):
        read_yaml(tmp_path / "nosuch.yaml")
    with pytest.raises(SpecError, match="cannot read .*directory"):
        read_yaml(tmp_path)

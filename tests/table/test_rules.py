"""A search of a table keeps the rules by which it was defined."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import yaml

from frontier_search.data.user_file import from_file
from frontier_search.search.search import Search
from frontier_search.storage import catalog
from frontier_search.table import reading
from frontier_search.table.options import RULES, TableOptions
from tests.support import toys


def test_a_search_of_an_earlier_version_keeps_its_rows_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    path = tmp_path / "rows.csv"
    rows = np.column_stack([rng.normal(size=(40, 2)), rng.normal(size=40)])
    np.savetxt(path, rows, delimiter=",", header="a,b,target", comments="")
    entry = catalog.define(toys.search(dataset=str(path)), tmp_path)
    spec = yaml.safe_load(entry.folder.search_file.read_text())
    assert spec.pop("table_rules") == RULES  # version 0.1 wrote no such key
    entry.folder.search_file.write_text(yaml.safe_dump(spec))
    found = catalog.find(entry.search.name, tmp_path).search
    assert found.table.rules == 1 and "table_rules" not in found.to_spec()
    old, new = from_file(path).split(1), found.obtain_dataset().split(1)
    assert np.array_equal(old.train.x, new.train.x) and np.array_equal(old.test.y, new.test.y)
    assert entry.search.fingerprint() != found.fingerprint()


def test_what_is_said_of_a_table_is_part_of_the_search(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(40, 3))
    np.savetxt(path, rows, delimiter=",", header="a,b,c", comments="")
    plain = toys.search(dataset=str(path)).to_spec()
    said = Search.from_spec(plain | {"target": "b", "drop": ["c"]})
    assert said.table.target == ("b",) and said.find_dataset().n_features == 1
    assert Search.from_spec(said.to_spec()) == said
    assert said.fingerprint() != Search.from_spec(plain).fingerprint()


def test_a_search_of_the_second_rules_reads_its_table_as_then(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = "".join(f"0{i % 5},{i % 7} kg,20210{1 + i % 9}01,{1.0 + i % 2}\n" for i in range(40))
    path.write_text(f"zone,weight,day,target\n{rows}")
    then, now = (reading.understood(path, TableOptions(rules=rules)) for rules in (2, RULES))
    assert [each.type for each in then.columns] == ["number", "category", "number", "number"]
    assert [each.type for each in now.columns] == ["category", "number", "date", "number"]
    assert (then.targets.task, now.targets.task) == ("regression", "binary")

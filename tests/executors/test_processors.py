"""One worker takes all processors of one machine, where threads gain something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from frontier_search import machine
from frontier_search.executors import Where, processors
from frontier_search.training.kernels import library
from tests.support import toys

COMPILED = toys.search(families={"dense": {"hidden": 4}, "kronecker": {"hidden": 4}})
WITH_TORCH = toys.search(families={"dense": {"hidden": 4}, "tests.support.faulty:FAMILY": None})


@pytest.fixture(autouse=True)
def five_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "processors", lambda: 5)


def test_one_worker_has_all_processors_of_this_machine_where_the_kernel_trains() -> None:
    assert processors.of_machine(Where()) == 5
    assert processors.of_worker(Where(), COMPILED) == 5
    assert processors.of_worker(Where(), WITH_TORCH) == 1
    assert processors.of_worker(Where(), replace(COMPILED, edition=1)) == 1


def test_without_the_kernel_a_worker_has_one_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.SWITCH, "off")
    library.library.cache_clear()
    assert processors.of_worker(Where(), COMPILED) == 1
    monkeypatch.undo()
    library.library.cache_clear()


@pytest.mark.parametrize(
    "where", [Where(workers=2), Where(address="auto"), Where(gpus_per_cohort=0.5)]
)
def test_where_the_machine_is_divided_otherwise_a_worker_has_one_processor(where: Where) -> None:
    assert processors.of_worker(where, COMPILED) == 1


def test_cpus_per_cohort_says_it() -> None:
    assert processors.of_worker(Where(cpus_per_cohort=3), WITH_TORCH) == 3
    assert processors.of_worker(Where(address="auto", cpus_per_cohort=4), COMPILED) == 4
    assert processors.of_machine(Where(cpus_per_cohort=2)) == 4
    assert processors.of_machine(Where(cpus_per_cohort=9)) == 9
    assert processors.of_machine(Where(workers=3, cpus_per_cohort=2)) == 6

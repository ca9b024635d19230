"""What every family keeps when it is written as C.

The reference in numpy is the trained network to within rounding, and the C gives the reference's
bits: on this machine, and executed on cores. The members come from the table.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from frontier_search.errors import SpecError
from frontier_search.export import compiler
from frontier_search.export.costs import model_costs
from frontier_search.export.devices import DEVICES
from frontier_search.export.emitters import EMITTERS
from frontier_search.export.source import header, source
from frontier_search.models.families import FAMILIES
from tests.support.cores import on_core
from tests.support.exported import WRITTEN, Example, examples

EXAMPLES = {name: examples(name) for name in WRITTEN}
EVERY = [example for found in EXAMPLES.values() for example in found]
# the other cores take a first compilation of a minute each
FAST = ("cortex-m0plus", "cortex-m4f", "avr")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every example as C."""
    made = tmp_path_factory.mktemp("c")
    for example in EVERY:
        plan = example.plan
        text = header(plan, example.name, "a test", "multiclass")
        (made / f"{example.name}.h").write_text(text)
        (made / f"{example.name}.c").write_text(source(plan, example.name, "multiclass"))
    return made


@pytest.fixture(scope="module")
def library(folder: Path) -> ctypes.CDLL:
    """All of them in one library: one compilation."""
    together, made = folder / "every.c", folder / "every.so"
    together.write_text("".join(f'#include "{example.name}.c"\n' for example in EVERY))
    compiler.shared_library([together], made)
    return ctypes.CDLL(str(made))


def bits(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).view(np.uint32)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_reference_is_the_trained_network(name: str) -> None:
    for example in EXAMPLES[name]:
        np.testing.assert_allclose(example.plan.run(example.x), example.trained, atol=2e-4)


@pytest.mark.parametrize("name", WRITTEN)
def test_the_c_gives_the_bits_of_the_reference(name: str, library: ctypes.CDLL) -> None:
    for example in EXAMPLES[name]:
        y = np.zeros((len(example.x), example.n_outputs), np.float32)
        call = library[f"{example.name}_outputs"]
        for i in range(len(y)):
            call(ctypes.c_void_p(example.x[i].ctypes.data), ctypes.c_void_p(y[i].ctypes.data))
        assert np.array_equal(bits(y), bits(example.plan.run(example.x)))


@pytest.mark.parametrize("name", WRITTEN)
def test_no_function_is_called_for_nothing(name: str) -> None:
    """Its loops are not tested before their first turn."""
    for example in EXAMPLES[name]:
        assert all(count for counts in example.plan.work().values() for count in counts[:2])


def slow_but(fast: tuple[str, ...]) -> list[object]:
    return [
        name if name in fast else pytest.param(name, marks=pytest.mark.slow) for name in DEVICES
    ]


@pytest.mark.parametrize("core", slow_but(FAST))
def test_cores_give_the_bits_of_the_reference(core: str, folder: Path, tmp_path: Path) -> None:
    executed = on_core(core, [(each.name, each, each.plan) for each in EVERY], folder, tmp_path)
    for example, found in zip(EVERY, executed, strict=True):
        assert np.array_equal(bits(found), bits(example.plan.run(example.x[1:2])[0])), example.name


@pytest.mark.parametrize("name", [name for name in FAMILIES if name not in WRITTEN])
def test_other_families_say_so(name: str) -> None:
    family = FAMILIES[name]
    built = family.build(family.default_space((1e-3, 1e-2)).smallest())
    with pytest.raises(SpecError, match="has no emitter"):
        model_costs(built, 5, 1, "cortex-m4f")


def test_every_network_of_the_table_has_an_emitter() -> None:
    networks = {example.architecture.network.replace(":", ".") for example in EVERY}
    assert networks == set(EMITTERS)


def test_constants_are_at_most_the_learned_scalars_and_what_is_fixed() -> None:
    def stored(example: Example) -> int:
        size = example.architecture.size(example.x.shape[1], example.n_outputs)
        return size.unrolled_bytes + 64  # a bias of zeros, a scale

    assert [each.name for each in EVERY if each.plan.stored_bytes > stored(each)] == []

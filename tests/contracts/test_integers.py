"""What every family that has a form in integers keeps: the C gives the integers of the reference.

On this machine and on three cores, in both formats. The members come from the table.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest

from frontier_search.errors import SpecError
from frontier_search.export import compiler
from frontier_search.export.integer.format import FORMATS, TANH_TABLE, tanh
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.integer.quantise import quantise
from frontier_search.export.integer.source import source
from frontier_search.export.source import header
from frontier_search.models.families import FAMILIES
from tests.support.cores import on_core
from tests.support.exported import WRITTEN, Example, examples

WITHOUT = ("spline", "conv", "scaffold", "mixer", "learned_kronecker", "adapted_kronecker")
WITH = [name for name in WRITTEN if FAMILIES[name].sequence or not name.startswith(WITHOUT)]
MOST_ERROR = {"int8": 0.5, "int16": 0.02}  # in deviations of the outputs


def every() -> list[tuple[str, Example, IntegerPlan]]:
    return [
        (f"{example.name}_{form.name}", example, quantise(example.plan, example.x, form))
        for name in WITH
        for example in examples(name)
        for form in FORMATS.values()
    ]


EVERY = every()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("integers")
    for name, example, plan in EVERY:
        (made / f"{name}.h").write_text(header(example.plan, name, "a test", "regression"))
        (made / f"{name}.c").write_text(source(plan, name, "regression"))
    (made / "every.h").write_text("".join(f'#include "{name}.c"\n' for name, _, _ in EVERY))
    return made


def bits(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32).view(np.uint32)


def test_the_c_gives_the_bits_of_the_reference(folder: Path) -> None:
    together, made = folder / "host.c", folder / "host.so"
    together.write_text('#include "every.h"\n')
    compiler.shared_library([together], made)
    library = ctypes.CDLL(str(made))
    for name, example, plan in EVERY:
        x = np.concatenate([example.x, 100 * example.x, 0 * example.x, -1e30 * example.x])
        y = np.zeros((len(x), example.n_outputs), np.float32)
        for i in range(len(y)):
            pointers = [ctypes.c_void_p(each[i].ctypes.data) for each in (x, y)]
            library[f"{name}_outputs"](*pointers)
        assert np.array_equal(bits(y), bits(plan.run(x))), name


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4f", "avr"])
def test_cores_give_the_bits_of_the_reference(core: str, folder: Path, tmp_path: Path) -> None:
    executed = on_core(core, EVERY, folder, tmp_path)
    for (name, example, plan), found in zip(EVERY, executed, strict=True):
        assert np.array_equal(bits(found), bits(plan.run(example.x[1:2])[0])), name


def test_the_largest_values_stand_for_the_training_rows() -> None:
    """A member predicts from what is kept of it, when its table has gone."""
    for name, example, plan in EVERY:
        no_rows = np.empty((0, 0), np.float32)
        again = quantise(example.plan, no_rows, plan.form, plan.largest)
        assert again.largest == plan.largest, name
        assert np.array_equal(bits(again.run(example.x)), bits(plan.run(example.x))), name


def test_integers_are_near_the_trained_network() -> None:
    for name, example, plan in EVERY:
        error = np.abs(plan.run(example.x) - example.trained).max()
        scale = max(float(np.abs(example.trained).max()), 0.1)
        assert error < MOST_ERROR[plan.form.name] * scale, name


def test_integers_take_fewer_bytes() -> None:
    for name, example, plan in EVERY:
        assert plan.stored_bytes < example.plan.stored_bytes or "features" in name


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in WITH])
def test_other_families_say_so(name: str) -> None:
    for example in examples(name):
        with pytest.raises(SpecError, match="has no integer form"):
            quantise(example.plan, example.x, FORMATS["int16"])


def test_tanh_in_integers() -> None:
    v = np.arange(-40_000, 40_001)
    error = np.abs(tanh(v) - 32768 * np.tanh(v / 4096)).max()
    assert 4 < error <= 40
    assert len(TANH_TABLE) == 97

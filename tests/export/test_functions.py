"""The errors that our tanh, exp, sigmoid and softmax state are the largest ones there are."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
import pytest
from scipy import special

from frontier_search.export import compiler, functions
from frontier_search.export.source import runtime

GRID = np.concatenate(
    [np.linspace(-12, 12, 240_001), np.geomspace(1e-30, 1, 1001), [-1e30, 0.0, 1e30]]
).astype(np.float32)
EXACT = GRID.astype(np.float64)
SINGLE = {"tanh": functions.tanh, "exp": functions.exp, "sigmoid": functions.sigmoid}


def test_tanh() -> None:
    error = np.abs(functions.tanh(GRID) - np.tanh(EXACT)).max()
    assert functions.TANH_ERROR / 2 < error <= functions.TANH_ERROR


def test_exp() -> None:
    x = np.linspace(*functions.EXP_ENDS, 400_001).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    error = np.abs(functions.exp(x) / exact - 1).max()
    assert functions.EXP_ERROR / 4 < error <= functions.EXP_ERROR


def test_sigmoid() -> None:
    error = np.abs(functions.sigmoid(GRID) - special.expit(EXACT)).max()
    assert functions.SIGMOID_ERROR / 4 < error <= functions.SIGMOID_ERROR


@pytest.mark.parametrize("classes", [2, 3, 10, 50])
def test_softmax(classes: int) -> None:
    logits = np.random.default_rng(classes).normal(0, 6, (2000, classes)).astype(np.float32)
    exact = special.softmax(logits.astype(np.float64), axis=1)
    assert np.abs(functions.softmax(logits) - exact).max() <= functions.SOFTMAX_ERROR


def test_the_c_of_each_gives_its_bits(tmp_path: Path) -> None:
    written, library = tmp_path / "f.c", tmp_path / "f.so"
    parts = [runtime(name, "f") for name in (*SINGLE, "softmax")]
    head = "#include <stdint.h>\n#define f_APART\n"
    loops = "".join(
        f"void all_{name}(float *x, int n) {{ for (; n; n--, x++) *x = f_{name}(*x); }}\n"
        for name in SINGLE
    )
    written.write_text(head + "\n".join(parts) + loops)
    compiler.shared_library([written], library)
    called = ctypes.CDLL(str(library))
    for name, function in SINGLE.items():
        found = GRID.copy()
        called[f"all_{name}"](ctypes.c_void_p(found.ctypes.data), len(found))
        assert np.array_equal(found.view(np.uint32), function(GRID).view(np.uint32)), name
    logits = np.random.default_rng(0).normal(0, 6, (50, 7)).astype(np.float32)
    found = logits.copy()
    for row in found:
        called.f_softmax(ctypes.c_void_p(row.ctypes.data), len(row))
    assert np.array_equal(found.view(np.uint32), functions.softmax(logits).view(np.uint32))

"""The same trained networks as C by this project and by other generators, on two cores.

    pip install 'frontier-search[device]' emlearn m2cgen onnx onnxruntime
    python benchmarks/microcontrollers.py

scikit-learn trains a ReLU network and a logistic regression on its digits. Everybody writes the
same weights as C; each program gives the class of a row. All are compiled by the same compiler with
the same flags and executed on the same test rows. Prints flash and RAM in bytes, the median
instructions of a row, and on how many test rows the class is that of scikit-learn in float64.

emlearn is called below its `convert`, which compiles for this machine. Its softmax is left out: the
largest output is the same without. It includes headers of the C library, which a bare core has not;
they are written here, with a `tanhf` that its switch names and this network does not call. Its
fixed-point form of networks is not finished in version 0.23.2.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from frontier_search.export import compiler, emulator, source
from frontier_search.export.devices import DEVICES
from frontier_search.export.emitters import plan
from frontier_search.export.integer import source as integer_source
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import ALL, in_format
from frontier_search.export.scalars import Scalars
from frontier_search.models.architectures.feedforward import FeedForward

CORES = ("cortex-m4f", "cortex-m0plus")
KINDS = ("loadable", "inline")  # of emlearn's code
HIDDEN, CLASSES, D = 16, 10, 64
HEADERS = {
    "math.h": """\
#pragma once
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")
float expf(float); float logf(float); float fabsf(float); double exp(double); double log(double);
static inline float tanhf(float x) { float e = expf(2 * x); return 1 - 2 / (e + 1); }
""",
    "stdlib.h": "#include <stddef.h>\n",
    "stdio.h": "#include <stddef.h>\n",
    "string.h": "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t);\n",
}
LARGEST = """
static float largest(const {kind} *v)
{{
    int best = 0;
    for (int i = 1; i < {classes}; i++)
        if (v[i] > v[best])
            best = i;
    return (float)best;
}}
"""


@dataclass(frozen=True)
class Rows:
    """Training and test rows, (n, 64), and what scikit-learn says of the test rows."""

    train: NDArray[np.float32]
    test: NDArray[np.float32]
    classes: NDArray[np.int64]


def ours(model: Any, rows: Rows, numbers: str) -> str:
    """Returns our C of a dense network in a format."""
    weights = [model.coef_.T] if hasattr(model, "coef_") else model.coefs_
    biases = [model.intercept_] if hasattr(model, "coef_") else model.intercepts_
    layers = len(weights) - 1
    flat = [part for w, b in zip(weights, biases, strict=True) for part in (w.T.ravel(), b)]
    scalars = Scalars(np.concatenate(flat).astype(np.float32))
    built = FeedForward(HIDDEN if layers else 0, layers)
    made = in_format(plan(built, scalars, 0, D, CLASSES), rows.train, numbers)
    written = (
        integer_source.source(made, "m", "regression")
        if isinstance(made, IntegerPlan)
        else source.source(made, "m", "regression")
    )
    call = f"float y[{CLASSES}]; m_outputs(x, y); *found = largest(y);"
    return (
        written.replace('#include "m.h"', "")
        + LARGEST.format(kind="float", classes=CLASSES)
        + f"void answer(const float *x, float *found) {{ {call} }}\n"
    )


def emlearn(model: Any, kind: str) -> str:
    """Returns emlearn's C.

    Args:
        kind: ``loadable`` (its default: a table of layers) or ``inline``.
    """
    from emlearn import net  # which makes numpy raise where it warned

    # version 0.23.2 reads the names of activations as whole numbers, and stops: give the numbers
    known = net.ACTIVATION_FUNCTIONS
    net.c_activation_function = (
        known.index if kind != "loadable" else lambda name: f"EmlNetActivation{name.title()}"
    )
    names = ["relu"] * (len(model.coefs_) - 1) + ["identity"]
    write = net.c_generate_net_loadable if kind == "loadable" else net.c_generate_net_inline
    code: str = write(names, model.coefs_, model.intercepts_, "m")
    # nobody copies variables from flash before a program is executed here
    code = code.replace("static EmlNet m =", "static const EmlNet m =")
    return code + f"void answer(const float *x, float *y) {{ *y = m_predict(x, {D}); }}\n"


def m2cgen(model: Any) -> str:
    """Returns m2cgen's C, which takes and gives doubles.

    Raises:
        NotImplementedError: it knows no networks.
    """
    import m2cgen as generator

    code: str = generator.export_to_c(model)
    call = (
        f"double v[{D}], o[{CLASSES}]; for (int i = 0; i < {D}; i++) v[i] = x[i]; score(v, o);"
        " *y = largest(o);"
    )
    more = LARGEST.format(kind="double", classes=CLASSES)
    return f"{code}{more}void answer(const float *x, float *y) {{ {call} }}\n"


def measured(code: str, rows: Rows, core: str) -> tuple[int, int, int, int]:
    """Returns flash, RAM, the median of instructions, and the number of equal classes."""
    device = DEVICES[core]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in {**HEADERS, **emlearn_headers()}.items():
            (folder / name).write_text(text)
        (folder / "answer.c").write_text(re.sub(r"#include <(\w+\.h)>", r'#include "\1"', code))
        program = compiler.program(device, "answer", folder / "answer.c", folder)
        found = emulator.execute(program, device, rows.test, 1)
    equal = int((found.outputs[:, 0].astype(int) == rows.classes).sum())
    ram = len(program.variables) + found.stack
    return program.flash, ram, int(np.median(found.instructions)), equal


def emlearn_headers() -> Mapping[str, str]:
    import emlearn as package

    folder = Path(package.__file__).parent
    found = {path.name: path.read_text() for path in folder.glob("*.h")}
    local = re.compile(r"#include <(math|stdlib|stdio|string|eml_\w+)\.h>")
    return {name: local.sub(r'#include "\1.h"', text) for name, text in found.items()}


def onnx_sizes(model: Any) -> tuple[int, int]:
    """Returns the bytes of the model as ONNX and of onnxruntime's library."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    nodes, tensors, last = [], [], "x"
    for i, (w, b) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        for name, part in (("w", w), ("b", b)):
            tensors.append(numpy_helper.from_array(part.astype(np.float32), f"{name}{i}"))
        nodes.append(helper.make_node("Gemm", [last, f"w{i}", f"b{i}"], [f"s{i}"]))
        last = f"s{i}"
        if i < len(model.coefs_) - 1:
            nodes.append(helper.make_node("Relu", [last], [f"r{i}"]))
            last = f"r{i}"
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, size])
        for name, size in (("x", D), (last, CLASSES))
    ]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], tensors)
    content = helper.make_model(graph).SerializeToString()
    onnx.checker.check_model(content)
    folder = Path(onnxruntime.__file__).parent / "capi"
    return len(content), sum(path.stat().st_size for path in folder.glob("*.so*"))


def compare(model: Any, rows: Rows) -> None:
    """Prints a line for each generator and core."""
    writers: dict[str, Callable[[], str]] = {
        **{f"ours, {each}": partial(ours, model, rows, each) for each in ALL},
        **{f"emlearn, {each}": partial(emlearn, model, each) for each in KINDS},
        "m2cgen, double": partial(m2cgen, model),
    }
    for name, write in writers.items():
        try:
            code = write()
        except (NotImplementedError, AttributeError):
            print(f"{name:28} writes no such model")
            continue
        for core in CORES:
            flash, ram, instructions, equal = measured(code, rows, core)
            print(f"{name:28} {core:14} {flash:8,} {ram:7,} {instructions:11,} {equal:5}")


def main() -> None:
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    train, test, y_train, _ = train_test_split(x, y, test_size=400, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = MLPClassifier((HIDDEN, HIDDEN), max_iter=200, random_state=0).fit(train, y_train)
        linear = LogisticRegression(max_iter=200).fit(train, y_train)
    for title, model in (("ReLU network 64-16-16-10", network), ("logistic regression", linear)):
        print(f"\n{title}, {len(test)} test rows")
        compare(model, Rows(train, test, model.predict(test)))
    model_bytes, library = onnx_sizes(network)
    print(f"\nthe network as ONNX: {model_bytes:,} bytes; onnxruntime's libraries: {library:,}")


if __name__ == "__main__":
    main()

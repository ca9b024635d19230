"""Writes an integer plan as C99, behind the same interface as a float32 plan."""

from __future__ import annotations

import functools
from importlib import resources

from frontier_search.data.dataset import Task
from frontier_search.export import source as plain
from frontier_search.export.integer.format import TANH_TABLE, Format
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.operation import Names

TYPES = """\
typedef int{bits}_t {prefix}_number;
#define {prefix}_MOST {most}
#define {prefix}_COARSER {coarser}
"""


def head(form: Format, prefix: str) -> str:
    """Returns the definitions that every function needs."""
    types = {"bits": form.bits, "most": form.most, "coarser": form.coarser, "prefix": prefix}
    return plain.APART.format(prefix=prefix) + TYPES.format(**types)


def model(plan: IntegerPlan, prefix: str) -> list[str]:
    """Returns the constants, and the function of the model, which calls those of ``runtime/``."""
    names = Names(prefix)
    inner = body(plan, names)
    numbers, biases = ([str(value) for value in part] for part in plan.constants())
    kind = f"static {names.constant(f'{prefix}_number')} {prefix}_constants[{len(numbers)}]"
    wide = f"static {names.constant('int32_t')} {prefix}_biases[{len(biases)}]"
    parts = [
        plain.array(kind, numbers),
        plain.array(wide, biases),
    ]
    for content, name in names.tables.items():
        values = [str(byte) for byte in content]
        kind = f"static {names.constant('uint8_t')} {name}[{len(content)}]"
        parts.append(plain.array(kind, values))
    return [*parts, inner]


def body(plan: IntegerPlan, names: Names) -> str:
    """Returns the C function of a model."""
    inner = "\n".join(f"    {line}".rstrip() for line in plan.lines(names))
    return f"void {names.function('outputs')}(const float *x, float *y)\n{{\n{inner}\n}}\n"


def source(plan: IntegerPlan, prefix: str, task: Task) -> str:
    """Returns the source: the constants, the functions that the plan calls, and the model."""
    include = f'#include <stdint.h>\n#include "{prefix}.h"\n'
    *constants, function = model(plan, prefix)
    functions = [runtime(name, prefix) for name in plan.functions]
    parts = [include, head(plan.form, prefix), *constants, *functions, function]
    return "\n".join([*parts, *plain.probabilities(prefix, task, plan.n_outputs)])


@functools.lru_cache(maxsize=64)
def _template(name: str) -> str:
    folder = resources.files("frontier_search.export").joinpath("integer", "runtime")
    text = folder.joinpath(f"{name}.c").read_text()
    return text.replace("@TABLE@", ", ".join(str(value) for value in TANH_TABLE))


def runtime(name: str, prefix: str) -> str:
    """Returns the C of one function of ``integer/runtime/``."""
    return _template(name).replace("P_", f"{prefix}_")

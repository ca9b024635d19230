"""What plans of a number format are written with, so that many fit into one source.

The calibration and tests compile some hundred models at once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from frontier_search.export import source
from frontier_search.export.integer import source as integer_source
from frontier_search.export.integer.format import FORMATS
from frontier_search.export.numbers import FLOAT
from frontier_search.export.operation import Names, Words, literal

PREFIX = "f"
# which other functions call, in their order
FIRST = ("shift", "coarser", "tanh", "exp", "sigmoid", "narrow", "relu_all")


@dataclass(frozen=True)
class Written:
    """The C of one number format.

    Attributes:
        numbers: the format.
    """

    numbers: str

    @property
    def is_float(self) -> bool:
        return self.numbers == FLOAT

    @property
    def head(self) -> str:
        """What comes before every function."""
        if self.is_float:
            return "#include <stdint.h>\n" + source.APART.format(prefix=PREFIX)
        return "#include <stdint.h>\n" + integer_source.head(FORMATS[self.numbers], PREFIX)

    @functools.cached_property
    def functions(self) -> tuple[str, ...]:
        """The names of all C functions, sorted."""
        folder = resources.files("frontier_search.export")
        folder = folder.joinpath(*(() if self.is_float else ("integer",)), "runtime")
        return tuple(sorted(path.name.removesuffix(".c") for path in folder.iterdir()))

    def entry(self, name: str) -> str:
        """Returns what a function is called in C."""
        return f"{PREFIX}_{name}" if self.is_float else f"{PREFIX}_int_{name}"

    def function(self, name: str) -> str:
        """Returns the C of a function."""
        written = source.runtime if self.is_float else integer_source.runtime
        return written(name, PREFIX)

    def every_function(self) -> str:
        """Returns the C of all functions, after those that they call."""
        first = [name for name in FIRST if name in self.functions]
        rest = [name for name in self.functions if name not in first]
        return "\n".join(self.function(name) for name in (*first, *rest))

    def heads(self) -> str:
        """Returns a declaration of every function."""
        found = []
        for name in self.functions:
            heads = re.findall(rf"^{PREFIX}_APART ([^{{]*?\))$", self.function(name), re.MULTILINE)
            found.append(f"{heads[-1]};\n")
        return "".join(found)

    def model(self, plan: Any, number: int) -> tuple[list[str], str]:
        """Returns the constants and the function ``m{number}`` of a plan of this format."""
        if self.is_float:
            names = Names(PREFIX)
            inner = source.body(plan, names, f"{PREFIX}_outputs", f"{PREFIX}_constants")
            values = [literal(value) for value in plan.scalars()]
            parts = [source.array(f"static {names.constant('float')} {PREFIX}_constants[]", values)]
            parts += [source.table(content, names) for content in names.tables]
            parts.append(inner)
        else:
            parts = integer_source.model(plan, PREFIX)
        *data, inner = [_numbered(part, number) for part in parts]
        return data, inner

    def alone(self, plan: Any, number: int) -> str:
        """Returns the function ``m{number}`` of a plan behind declarations of its constants."""
        names = Names(PREFIX)
        if self.is_float:
            inner = source.body(plan, names, f"{PREFIX}_outputs", f"{PREFIX}_constants")
            kinds = {f"{PREFIX}_constants": "float"}
        else:
            inner = integer_source.body(plan, names)
            kinds = {f"{PREFIX}_constants": f"{PREFIX}_number", f"{PREFIX}_biases": "int32_t"}
        for content, name in names.tables.items():
            kinds[name] = "uint32_t" if isinstance(content, Words) else "uint8_t"
        declared = [f"extern {names.constant(kind)} {name}[];" for name, kind in kinds.items()]
        return _numbered("\n".join([*declared, inner]), number)

    def models(self, plans: Sequence[Any]) -> str:
        """Returns a source with all functions and models, and ``every``, which calls one.

        The first number of a row tells which.
        """
        made = [self.model(plan, i) for i, plan in enumerate(plans)]
        text = [self.head, self.every_function()]
        text += ["\n".join([*data, inner]) for data, inner in made]
        cases = "".join(f"case {i}: m{i}(x + 1, y); break;\n" for i in range(len(plans)))
        call = f"void every(const float *x, float *y) {{ switch ((int)x[0]) {{\n{cases}}} }}\n"
        return "\n".join([*text, call])


def _numbered(text: str, number: int) -> str:
    """Returns C in which the function and the constants of a model have its number."""
    text = re.sub(rf"\b{PREFIX}_(constants|biases|table\d*)\b", rf"m{number}_\1", text)
    return text.replace(f"void {PREFIX}_outputs(", f"void m{number}(")


WRITTEN = {name: Written(name) for name in (FLOAT, *FORMATS)}

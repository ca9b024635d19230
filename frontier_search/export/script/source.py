"""Writes a model as one file of Python: the definitions that it needs, and its numbers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from frontier_search.export.script.bundler import Bundle
from frontier_search.export.script.model import Model, RawModel

HEADER = '''\
"""{title}

It needs Python 3.11 and numpy, and nothing else:

    from {name} import MODEL
    MODEL.predict(rows)              # {rows}
    python {name}.py < rows.csv      # the same for CSV

frontier-search wrote it. Its outputs are those of the certified reference, bit for bit.
"""
'''
RAW = "a list of dicts, {column: cell}, as in the table"
PLAIN = "a list of rows of {d} numbers, scaled as in training"
ARRAY = """\
def _array(text, dtype, shape):
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)
"""
END = """
MODEL = {model}

if __name__ == "__main__":
    MODEL.main()
"""


def source(model: Model | RawModel, title: str, name: str) -> str:
    """Returns the file.

    Args:
        title: its first line.
        name: of the module.
    """
    used = dict.fromkeys((type(each).__module__, type(each).__name__) for each in _parts(model))
    bundle = Bundle(used, ["predict", "probabilities", "main", "run"])
    rows = RAW if isinstance(model, RawModel) else PLAIN.format(d=model.plan.n_inputs)
    head = HEADER.format(title=title.replace('"""', "'''"), name=name, rows=rows)
    needed = {*bundle.imports, "import base64", "import numpy as np"}
    return "\n".join(
        [
            f"{head}\nfrom __future__ import annotations\n",
            *sorted(needed),
            f"\n\n{ARRAY}\n\n{bundle.text()}",
            END.format(model=expression(model)).lstrip("\n"),
        ]
    )


def _parts(value: Any) -> Iterator[Any]:
    """Yields every dataclass within a value."""
    if is_dataclass(value):
        yield value
        for each in fields(value):
            yield from _parts(getattr(value, each.name))
    elif isinstance(value, dict):
        for each in value.values():
            yield from _parts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _parts(each)


def expression(value: Any) -> str:
    """Returns Python that makes a value of numbers, texts, arrays, lists and dataclasses.

    Raises:
        ValueError: it holds something else.
    """
    if is_dataclass(value) and not isinstance(value, type):
        made = ", ".join(
            f"{each.name}={expression(getattr(value, each.name))}"
            for each in fields(value)
            if each.init
        )
        return f"{type(value).__name__}({made})"
    if isinstance(value, np.ndarray):
        text = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return f"_array({text!r}, {value.dtype.str!r}, {value.shape})"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return f"float({str(value)!r})"
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return repr(value)
    if isinstance(value, dict):
        return f"{{{', '.join(f'{expression(k)}: {expression(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        inner = ", ".join(map(expression, value))
        return f"[{inner}]" if isinstance(value, list) else f"({inner}{',' * (len(value) == 1)})"
    raise ValueError(f"a {type(value).__name__} cannot be written as Python.")

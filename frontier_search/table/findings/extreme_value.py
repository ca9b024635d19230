"""A number beyond 32-bit floats, or a million deviations from all others."""

from __future__ import annotations

import numpy as np

from frontier_search.table.coding import LARGEST
from frontier_search.table.finding import Found, exact, flag_of
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds them; in features they are clipped to the range of the others."""
    found: list[Found] = []
    if table.raw.placed or table.pixels:
        return found
    for name, values in table.numbers.items():
        far = ~table.usual(name) & ~np.isnan(values)
        extreme = far | (np.abs(values) > LARGEST)
        if not extreme.any():
            continue
        worst = float(values[extreme][np.abs(values[extreme]).argmax()])
        what = (
            "beyond 32-bit floats" if abs(worst) > LARGEST else "a million deviations from the rest"
        )
        n = int(extreme.sum())
        clipped = "; it is clipped to the range of the others" if far.any() else ""
        clipped = "" if name in table.targets.names else clipped
        sentence = f"column {name!r} is {worst:g} in {n} row{'s' * (n > 1)}, {what}{clipped}"
        missing = flag_of("missing", f"{name}={exact(worst)}")
        remedy = f"Correct it, or read it as missing with {missing}"
        found.append(((name,), extreme, sentence, remedy))
    return found

"""A number beyond 32-bit floats, or a million deviations from all others."""

from __future__ import annotations

import numpy as np

from frontier_search.table.coding import LARGEST, usual_values
from frontier_search.table.finding import Found, exact, flag_of
from frontier_search.table.understanding import Understanding


def find(table: Understanding) -> list[Found]:
    """Finds them; in features they are clipped to the range of the others."""
    found: list[Found] = []
    if table.raw.image is not None or table.pixels:
        return found
    numbers = {each.name: table.values[each.name] for each in table.used if each.type == "number"}
    targets = dict(zip(table.targets.names, np.atleast_2d(table.targets.values.T), strict=True))
    if table.targets.task == "regression":
        numbers |= targets
    for name, values in numbers.items():
        known = ~np.isnan(values)
        extreme = np.zeros(len(values), dtype=np.bool_)
        far, beyond = ~usual_values(values[known]), np.abs(values[known]) > LARGEST
        extreme[known] = far | beyond
        if not extreme.any():
            continue
        worst = float(values[extreme][np.abs(values[extreme]).argmax()])
        what = (
            "beyond 32-bit floats" if abs(worst) > LARGEST else "a million deviations from the rest"
        )
        n = int(extreme.sum())
        clipped = "; it is clipped to the range of the others" if far.any() else ""
        clipped = "" if name in targets else clipped
        sentence = f"column {name!r} is {worst:g} in {n} row{'s' * (n > 1)}, {what}{clipped}"
        missing = flag_of("missing", f"{name}={exact(worst)}")
        remedy = f"Correct it, or read it as missing with {missing}"
        found.append(((name,), extreme, sentence, remedy))
    return found

"""learned_kronecker: the Kronecker recurrence with a learned initiator, of 2 x 2 or 4 x 4.

    G = rho (F_1 (x) ... (x) F_L)

Every F starts at the Sierpinski initiator K over its spectral radius (4 x 4: K (x) K). ``sharing``
decides whether all levels have one factor (``shared``: 4 or 16 scalars) or each its own
(``per_level``: L times as many). Unlike in kronecker, G is applied factor by factor for every
width, so it is never binarised and its diagonal is not zeroed: at the start it has the one entry of
the diagonal that kronecker removes.

Source: Nicolini (2026), next steps; Leskovec et al., "Kronecker Graphs" (JMLR 2010), section 5.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.models.architectures.factored import Factored, Learns
from frontier_search.models.families.kronecker import INITIATOR
from frontier_search.models.family import Family
from frontier_search.space import Value

INITIATORS = {2: INITIATOR, 4: np.kron(INITIATOR, INITIATOR)}
SHARINGS = ("shared", "per_level")


def build(hyperparameters: Mapping[str, Value]) -> Factored:
    width, sharing = int(hyperparameters["initiator"]), str(hyperparameters["sharing"])
    problems = []
    if width not in INITIATORS:
        problems.append(f"initiator = {width}; an initiator has 2 rows or 4")
    if sharing not in SHARINGS:
        problems.append(f"sharing = {sharing!r}; a factor is {' or '.join(SHARINGS)}")
    if problems:
        raise SpecError(problems)
    return Factored(
        hidden=int(hyperparameters["hidden"]),
        steps=int(hyperparameters["steps"]),
        initiator=tuple(map(tuple, INITIATORS[width].tolist())),
        learns=cast(Learns, sharing),
        spectral_radius=float(hyperparameters["spectral_radius"]),
    )


FAMILY = Family(
    name="learned_kronecker",
    summary="Kronecker recurrence with a learned initiator",
    source="Nicolini 2026, next steps; Leskovec et al. 2010",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=build,
)

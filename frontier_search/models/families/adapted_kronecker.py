"""adapted_kronecker: kronecker with a learned rank-1 correction of each factor at every step.

    G_t = rho (F_{t,1} (x) ... (x) F_{t,L}),     F_{t,l} = K + u_{t,l} v_{t,l}^T,     H = 2^L

K is the fixed Sierpinski initiator over its spectral radius. u and v are T L vectors of two each,
so there are 4 T L scalars more than in kronecker. They start small and not at zero, where neither
would have a gradient. As in learned_kronecker, the diagonal of G is not zeroed.

Source: Nicolini (2026), next steps; Hu et al., "LoRA" (ICLR 2022), equation 3, for a fixed matrix
with a learned correction of low rank.
"""

from collections.abc import Mapping
from pathlib import Path

from frontier_search.models.architectures.factored import Factored
from frontier_search.models.families.kronecker import INITIATOR
from frontier_search.models.family import Family
from frontier_search.space import Value


def build(hyperparameters: Mapping[str, Value]) -> Factored:
    return Factored(
        hidden=int(hyperparameters["hidden"]),
        steps=int(hyperparameters["steps"]),
        initiator=tuple(map(tuple, INITIATOR.tolist())),
        learns="rank_one",
        spectral_radius=float(hyperparameters["spectral_radius"]),
    )


FAMILY = Family(
    name="adapted_kronecker",
    summary="Kronecker recurrence with learned rank-1 corrections",
    source="Nicolini 2026, next steps; Hu et al. 2022",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=build,
)

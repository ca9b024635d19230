"""A recurrence, or nothing, behind a random input map that is never learned; only the readout is.

    h_0 = phi(s (W_in x + b_in))     h_{t+1} = phi(h_t + phi(h_t G^T))
    y = W_out [x, h_T] + b_out

W_in and b_in are drawn from U(-1/sqrt(d), 1/sqrt(d)) by the seed. Without a graph T = 0: random
features, or an extreme learning machine; with one an echo-state network on one input.

Source: Rahimi and Recht, "Random Features for Large-Scale Kernel Machines" (NIPS 2007); Huang et
al., "Extreme learning machine" (Neurocomputing 70, 2006); Jaeger, "The echo state approach" (GMD
report 148, 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir, recurrent
from frontier_search.models.family import SEED_BYTES, Size
from frontier_search.models.graph import Graph
from frontier_search.space import Value


@dataclass(frozen=True)
class FixedInput:
    """A reservoir of which only the readout is learned.

    Attributes:
        core: the hidden units, and their recurrence if there is one.
        input_scale: s.
    """

    core: Reservoir
    input_scale: float = 1.0
    network: str = "frontier_search.models.networks.fixed_input:FixedInputStack"

    def __post_init__(self) -> None:
        if self.input_scale <= 0:
            raise SpecError(f"input_scale = {self.input_scale}; a scale above 0 is needed")

    @property
    def graph(self) -> Graph | None:
        return self.core.graph

    @property
    def shape(self) -> Hashable:
        return self.core.shape

    @property
    def rank(self) -> int:
        return self.core.rank

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """(d + H) o + o scalars, all effective; the input map is stored as its seed."""
        whole = self.core.size(n_inputs, n_outputs)
        raw = (n_inputs + self.core.hidden) * n_outputs + n_outputs
        stored = 4 * raw + SEED_BYTES + self.core.graph_bytes()
        input_map = 4 * self.core.hidden * (n_inputs + 1)
        unrolled = 4 * raw + input_map + self.core.unrolled_graph_bytes()
        return Size(raw, raw, whole.flops, stored, unrolled)


def random_features(hyperparameters: Mapping[str, Value]) -> FixedInput:
    """Builds a model without a recurrence."""
    scale = float(hyperparameters["input_scale"])
    return FixedInput(Reservoir(int(hyperparameters["hidden"])), scale)


def fixed_input(graph: Graph) -> Callable[[Mapping[str, Value]], FixedInput]:
    """Returns the ``build`` of a family with a recurrence through ``graph``."""
    reservoir = recurrent(graph)

    def build(hyperparameters: Mapping[str, Value]) -> FixedInput:
        return FixedInput(reservoir(hyperparameters), float(hyperparameters["input_scale"]))

    return build

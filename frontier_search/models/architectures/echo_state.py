"""An echo-state network: a fixed recurrence that hears one step after another, and a readout.

    h_0 = 0     h_t = (1 - a) h_{t-1} + a phi(W_in x_t + b_in + G h_{t-1})     y = W_out f + b_out

with phi = tanh and f = [x_T, h_T], or the means of x_t and h_t over all steps. W_in and b_in are
drawn by the seed from U(-s, s), G is a fixed graph, and only the readout is learned: solved for in
closed form (``networks.readout``), or trained by gradients.

Source: Jaeger, "The echo state approach" (GMD report 148, 2001); Jaeger et al., "Optimization and
applications of echo state networks with leaky-integrator neurons" (Neural Networks 20, 2007).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from frontier_search.errors import SpecError, unknown
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.family import SEED_BYTES, Size
from frontier_search.models.graph import Graph
from frontier_search.models.sequence import Pooling, pooled_flops, pooling, steps
from frontier_search.space import Value

NETWORKS = {  # by readout
    "solved": "frontier_search.models.networks.echo_state:SolvedEchoStateStack",
    "trained": "frontier_search.models.networks.echo_state:EchoStateStack",
}


@dataclass(frozen=True)
class EchoState:
    """A fixed recurrence over steps, with a learned readout.

    Attributes:
        core: H, and the graph G with its radius and noise; its one step is that of a sequence.
        channels: C.
        leak: a, in (0, 1].
        input_scale: s.
        pooled: what the readout sees.
        readout: ``solved`` or ``trained``.
        ridge: the penalty of a solved readout, see ``architectures.varpro``.
    """

    core: Reservoir
    channels: int
    leak: float
    input_scale: float
    pooled: Pooling = "last"
    readout: str = "solved"
    ridge: float = 1e-6

    def __post_init__(self) -> None:
        problems = []
        if not 0 < self.leak <= 1:
            problems.append(f"leak = {self.leak}; a leak is above 0 and at most 1")
        if self.input_scale <= 0:
            problems.append(f"input_scale = {self.input_scale}; a scale above 0 is needed")
        if self.ridge <= 0:
            problems.append(f"ridge = {self.ridge:g}; a penalty above 0 is needed")
        if self.readout not in NETWORKS:
            problems.append(unknown("readout", self.readout, NETWORKS).rstrip("."))
        if problems:
            raise SpecError(problems)

    @property
    def network(self) -> str:
        return NETWORKS[self.readout]

    @property
    def graph(self) -> Graph | None:
        return self.core.graph

    @property
    def shape(self) -> Hashable:
        return (self.core.hidden, self.channels, self.pooled)

    @property
    def rank(self) -> int:
        return 0

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts (C + H) o + o scalars, all effective; the input map is stored as its seed."""
        c, h, o, n_steps = (
            self.channels,
            self.core.hidden,
            n_outputs,
            steps(n_inputs, self.channels),
        )
        raw = (c + h) * o + o
        edges = self.graph.edges(h) if self.graph else 0
        # products with W_in and G, the bias, the sum of both, tanh, and three for the leak
        step = 2 * c * h + 2 * edges + 3 * h + 3 * h
        flops = n_steps * step + pooled_flops(self.pooled, n_steps, c + h) + 2 * (c + h) * o
        stored = 4 * raw + SEED_BYTES + self.core.graph_bytes()
        unrolled = 4 * raw + 4 * h * (c + 1) + self.core.unrolled_graph_bytes()
        return Size(raw, raw, flops, stored, unrolled)


def echo_state(hyperparameters: Mapping[str, Value], graphs: Mapping[str, Graph]) -> EchoState:
    """Builds a model on the graph that is named.

    Args:
        graphs: by name.

    Raises:
        SpecError: there is no such graph, or no such model.
    """
    named = str(hyperparameters["graph"])
    if named not in graphs:
        raise SpecError(unknown("graph", named, graphs).rstrip("."))
    core = Reservoir(
        hidden=int(hyperparameters["hidden"]),
        steps=1,
        graph=graphs[named],
        spectral_radius=float(hyperparameters["spectral_radius"]),
        graph_noise=float(hyperparameters["graph_noise"]),
    )
    return EchoState(
        core,
        channels=int(hyperparameters["input_channels"]),
        leak=float(hyperparameters["leak"]),
        input_scale=float(hyperparameters["input_scale"]),
        pooled=pooling(hyperparameters["pooling"]),
        readout=str(hyperparameters["readout"]),
        ridge=float(hyperparameters["ridge"]),
    )

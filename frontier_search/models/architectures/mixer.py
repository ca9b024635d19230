"""A Mixer: an image as a row of patches, mixed across patches and then across channels.

    Z = phi(W_e P + b_e)                        embedding
    U = Z + (W_2 phi(W_1 Z^T + b_1) + b_2)^T    token mixing, across the S = g^2 patches
    Z = U + W_4 phi(W_3 U + b_3)                channel mixing, across the C channels
    y = W_out mean(Z) + b_out                   mean over patches

Each column of P is a patch of p^2 pixels, and Z is C x S. Token mixing is the same for every
channel, channel mixing the same for every patch; a layer is both. Token mixing may instead be a
fixed recurrence over the patches, Z_{t+1}^T = phi(Z_t^T + phi(G Z_t^T)) for T steps, or be omitted.
b_2, one scalar per patch, is kept in both cases: it gives a patch's position, which the mean over
patches would lose. Patches are ordered by rows, so a Kronecker graph on them is a graph of rows
times one of columns, before the diagonal is zeroed. An image that g does not divide is padded with
zeros.

Source: Tolstikhin et al., "MLP-Mixer: An all-MLP Architecture for Vision" (NeurIPS 2021), equation
1, with two differences: tanh in place of GELU, which keeps so small a model bounded without layer
normalisation, and no bias after W_4, because W_out or the next layer has one. Nicolini (2026), next
steps, for the recurrence.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir, reservoir
from frontier_search.models.family import Size
from frontier_search.models.graph import Graph
from frontier_search.models.image import side
from frontier_search.space import Value


@dataclass(frozen=True)
class Mixer:
    """The shape of a Mixer.

    Attributes:
        grid: g, patches of an edge.
        channels: C.
        layers: pairs of a token mixing and a channel mixing.
        channel_hidden: rows of W_3.
        token_hidden: rows of W_1; 0 if token mixing is not learned.
        core: the patches as hidden units, and their recurrence, the same in every layer. Without a
            graph there is no recurrence.
    """

    grid: int
    channels: int
    layers: int
    channel_hidden: int
    token_hidden: int
    core: Reservoir
    network: str = "frontier_search.models.networks.mixer:MixerStack"

    def __post_init__(self) -> None:
        given = {
            name: getattr(self, name) for name in ("grid", "channels", "layers", "channel_hidden")
        }
        problems = [
            f"{name} = {value}; at least 1 is needed" for name, value in given.items() if value < 1
        ]
        if self.token_hidden < 0:
            problems.append(
                f"token_hidden = {self.token_hidden}; at least 1 is needed, or 0 for no learned "
                "token mixing"
            )
        if self.token_hidden and self.core.graph:
            problems.append(
                f"token_hidden = {self.token_hidden} beside a graph; token mixing is learned or a "
                "fixed recurrence"
            )
        if self.core.hidden != self.grid**2:
            problems.append(
                f"{self.core.hidden} hidden units on {self.grid**2} patches; a recurrence over "
                "patches has as many units as patches"
            )
        if problems:
            raise SpecError(problems)

    @property
    def graph(self) -> Graph | None:
        return self.core.graph

    @property
    def shape(self) -> Hashable:
        return (
            self.grid,
            self.channels,
            self.layers,
            self.channel_hidden,
            self.token_hidden,
            self.core.shape,
        )

    @property
    def rank(self) -> int:
        return self.core.rank

    def patch_side(self, n_inputs: int) -> int:
        """Returns the pixels of an edge of a patch: p = ceil(s / g).

        Raises:
            SpecError: there are more patches than pixels, or the inputs are no square image.
        """
        edge = side(n_inputs)
        if self.grid > edge:
            raise SpecError(
                f"grid = {self.grid}; an image of {edge} x {edge} has at most a grid of {edge}"
            )
        return -(-edge // self.grid)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts C p^2 + C, in each layer S + 2 C D + D, and C o + o scalars, all effective.

        A learned token mixing has 2 S E + E more in each layer.
        """
        c, d, e, o = self.channels, self.channel_hidden, self.token_hidden, n_outputs
        patch, tokens = self.patch_side(n_inputs) ** 2, self.grid**2
        raw = (
            c * patch + c + self.layers * (tokens + 2 * c * d + d + 2 * tokens * e + e) + c * o + o
        )
        embedding = tokens * (2 * c * patch + c)
        channel_mixing = tokens * (4 * c * d + d + c)  # products, tanh, the sum
        token_mixing = c * (4 * tokens * e + e + tokens) if e else c * self.core.recurrence_flops()
        flops = (
            embedding
            + self.layers * (token_mixing + c * tokens + channel_mixing)
            + tokens * c
            + 2 * c * o
        )
        stored = 4 * raw + self.core.graph_bytes()
        return Size(raw, raw, flops, stored, 4 * raw + self.core.unrolled_graph_bytes())


def mixer(
    hyperparameters: Mapping[str, Value], graph: Graph | None, token_hidden: int = 0
) -> Mixer:
    """Returns the Mixer that hyperparameters describe.

    Its tokens are mixed by a graph, by learned weights (``token_hidden``), or not at all.

    Raises:
        SpecError: there is no graph of as many units as patches.
    """
    names = ("grid", "channels", "layers", "channel_hidden")
    grid, channels, layers, channel_hidden = (int(hyperparameters[name]) for name in names)
    problem = graph.problem(grid**2) if graph else None
    if problem:
        raise SpecError(f"grid = {grid}, grid^2 hidden units: {problem}")
    core = reservoir(hyperparameters, graph, hidden=grid**2)
    return Mixer(grid, channels, layers, channel_hidden, token_hidden, core)

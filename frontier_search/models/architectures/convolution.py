"""A small convolutional network before a reservoir's head, or as the state of a recurrence.

    m_1 = phi(K_1 * x + b_1)     m_{l+1} = phi(K_{l+1} * m_l + b_{l+1})
    f = the last maps, averaged over a g x g grid of windows

Every layer has C maps, k x k kernels and zeros around the image. The first layer moves by a stride,
the deeper ones by one pixel. Because of the grid, the C g^2 features, and so the parameters, are
the same for any size of image. Two models are built on f:

    Convolutional    f is the input of a reservoir:   h_0 = phi(W_in f + b_in)     y = W_out [f,
        h_T] + b_out
    Scaffold         f is the reservoir's state:      h_0 = f                      y = W_out h_T +
    b_out

with h_{t+1} = phi(h_t + phi(G h_t)) in both, and h_0 in place of h_T without a graph. The state of
a scaffold is ordered by map, row and column. A Kronecker graph on it is therefore a graph of maps
times one of rows times one of columns, before the diagonal is zeroed.

Source: LeCun et al., "Gradient-based learning applied to document recognition" (Proceedings of the
IEEE 86, 1998), for shared kernels, tanh and averaging; Nicolini (2026), next steps.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import astuple, dataclass

from frontier_search.errors import SpecError
from frontier_search.models.architectures.reservoir import Reservoir, reservoir
from frontier_search.models.family import Size
from frontier_search.models.graph import Graph
from frontier_search.models.image import side
from frontier_search.space import Value


@dataclass(frozen=True)
class Convolution:
    """The features.

    Attributes:
        channels: C, maps of every layer.
        layers: convolutions.
        grid: g.
        kernel: k, odd.
        stride: pixels by which the first layer's kernels move.
    """

    channels: int
    layers: int
    grid: int
    kernel: int = 3
    stride: int = 2

    def __post_init__(self) -> None:
        problems = [
            f"{name} = {value}; at least 1 is needed"
            for name, value in vars(self).items()
            if value < 1
        ]
        if self.kernel % 2 == 0:
            problems.append(
                f"kernel = {self.kernel}; an odd number is needed, so that a map is centred on the "
                "image"
            )
        if problems:
            raise SpecError(problems)

    @property
    def features(self) -> int:
        """The number of features, C g^2."""
        return self.channels * self.grid**2

    def map_side(self, n_inputs: int) -> int:
        """Returns the pixels of an edge of a map: ceil(s / stride).

        Raises:
            SpecError: the grid is finer than the map, or the inputs are no square image.
        """
        edge = side(n_inputs)
        found = -(-edge // self.stride)
        if found < self.grid:
            raise SpecError(
                f"grid = {self.grid}; maps of {found} x {found} pixels, which stride = "
                f"{self.stride} leaves of an image of {edge} x {edge}, have at most a grid of "
                f"{found}"
            )
        return found

    def size(self, n_inputs: int) -> Size:
        """Counts C k^2 + C and (layers - 1)(C^2 k^2 + C) scalars, all effective.

        Products with the zeros around an image are counted.
        """
        c, k, deeper = self.channels, self.kernel, self.layers - 1
        pixels = self.map_side(n_inputs) ** 2
        raw = c * k * k + c + deeper * (c * c * k * k + c)
        products = c * k * k * pixels + deeper * c * c * k * k * pixels
        averaging = c * pixels if pixels > self.grid**2 else 0
        return Size(
            raw=raw,
            effective=raw,
            flops=2 * products + self.layers * c * pixels + averaging,
            bytes=4 * raw,
        )


@dataclass(frozen=True)
class _OnFeatures:
    """The parts that both models on features have.

    Attributes:
        front: the features.
        core: the hidden units, and their recurrence if there is one.
    """

    front: Convolution
    core: Reservoir

    @property
    def graph(self) -> Graph | None:
        return self.core.graph

    @property
    def shape(self) -> Hashable:
        return (astuple(self.front), self.core.shape)

    @property
    def rank(self) -> int:
        return self.core.rank


@dataclass(frozen=True)
class Convolutional(_OnFeatures):
    """The shape of features before a reservoir."""

    network: str = "frontier_search.models.networks.convolution:ConvolutionalStack"

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts the scalars of F = C g^2 features and F H + H + (F + H) o + o, all effective."""
        front, head = self.front.size(n_inputs), self.core.size(self.front.features, n_outputs)
        raw = front.raw + head.raw
        return Size(
            raw=raw,
            effective=raw,
            flops=front.flops + head.flops,
            bytes=front.bytes + head.bytes,
            unrolled_bytes=front.bytes + head.unrolled_bytes,
        )


@dataclass(frozen=True)
class Scaffold(_OnFeatures):
    """Features as the state of a recurrence: ``core`` has one hidden unit for each feature."""

    network: str = "frontier_search.models.networks.convolution:ScaffoldStack"

    def __post_init__(self) -> None:
        if self.core.hidden != self.front.features:
            raise SpecError(
                f"{self.core.hidden} hidden units on {self.front.features} features; "
                "a scaffold has as many units as features"
            )

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts the scalars of H = C g^2 features and H o + o, all effective."""
        front, readout = self.front.size(n_inputs), self.front.features * n_outputs
        raw = front.raw + readout + n_outputs
        flops = front.flops + self.core.recurrence_flops() + 2 * readout
        stored = 4 * raw + self.core.graph_bytes()
        return Size(raw, raw, flops, stored, 4 * raw + self.core.unrolled_graph_bytes())


def features(hyperparameters: Mapping[str, Value]) -> Convolution:
    """Returns the features that hyperparameters describe."""
    names = ("channels", "layers", "grid", "kernel", "stride")
    return Convolution(**{name: int(hyperparameters[name]) for name in names})


def convolutional(hyperparameters: Mapping[str, Value], graph: Graph | None) -> Convolutional:
    """Returns the features before a reservoir; without a graph it has no recurrence."""
    return Convolutional(features(hyperparameters), reservoir(hyperparameters, graph))


def scaffold(hyperparameters: Mapping[str, Value], graph: Graph | None) -> Scaffold:
    """Returns the features as a reservoir's state; without a graph it has no recurrence.

    Raises:
        SpecError: there is no graph of as many units as features.
    """
    front = features(hyperparameters)
    problem = graph.problem(front.features) if graph else None
    if problem:
        raise SpecError(
            f"channels = {front.channels} and grid = {front.grid}, channels x grid^2 hidden units: "
            f"{problem}"
        )
    return Scaffold(front, reservoir(hyperparameters, graph, hidden=front.features))

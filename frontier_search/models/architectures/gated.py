"""Learned recurrences with gates, over the steps of a sequence, and a readout of their states.

GRU, with s the logistic function, phi = tanh and the reset gate behind the product, as PyTorch has
it:

    r = s(W_r x_t + U_r h + b_r)     z = s(W_z x_t + U_z h + b_z)
    c = phi(W_c x_t + b_c + r (U_c h + d_c))     h' = (1 - z) c + z h

FastGRNN, one pair of matrices for both the gate and the candidate, and two learned scalars:

    p = W x_t + U h     z = s(p + b_z)     c = phi(p + b_c)
    h' = (s(zeta) (1 - z) + s(nu)) c + z h

U may be a product of rank r, U_1 U_2. Both have h_0 = 0 and y = W_out f + b_out with f = h_T, or
the mean of h_t over all steps.

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder" (EMNLP 2014), in the
form of torch.nn.GRU; Kusupati et al., "FastGRNN: a fast, accurate, stable and tiny kilobyte sized
gated recurrent neural network" (NeurIPS 2018), without its sparsity and its quantisation.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.family import Size
from frontier_search.models.sequence import Pooling, pooled_flops, pooling, steps
from frontier_search.space import Value


@dataclass(frozen=True)
class _Recurrent:
    """What both have.

    Attributes:
        hidden: H.
        channels: C.
        pooled: what the readout sees.
    """

    hidden: int
    channels: int
    pooled: Pooling = "last"

    def __post_init__(self) -> None:
        if self.hidden < 1:
            raise SpecError(f"hidden = {self.hidden}; at least one hidden unit is needed")

    @property
    def rank(self) -> int:
        return 0

    def _size(self, n_inputs: int, n_outputs: int, cell: int, step: int) -> Size:
        """Returns the size with ``cell`` scalars and ``step`` operations a step."""
        n_steps, readout = steps(n_inputs, self.channels), self.hidden * n_outputs
        raw = cell + readout + n_outputs
        pooled = pooled_flops(self.pooled, n_steps, self.hidden)
        return Size(raw, raw, n_steps * step + pooled + 2 * readout, 4 * raw)


@dataclass(frozen=True)
class Gru(_Recurrent):
    """A gated recurrent unit."""

    network: str = "frontier_search.models.networks.gated:GruStack"

    @property
    def shape(self) -> Hashable:
        return (self.hidden, self.channels, self.pooled)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts 3 H (C + H) + 4 H + H o + o scalars, all effective."""
        h, c = self.hidden, self.channels
        # two products; per unit 4 biases, 3 sums of both, 3 nonlinearities, a reset, 3 to mix
        step = 6 * h * c + 6 * h * h + 14 * h
        return self._size(n_inputs, n_outputs, 3 * h * (c + h) + 4 * h, step)


@dataclass(frozen=True)
class FastGrnn(_Recurrent):
    """A fast gated recurrent unit.

    Attributes:
        rank_share: r = round(share H), at least 1; with 1 the matrix U is whole.
    """

    rank_share: float = 1.0
    network: str = "frontier_search.models.networks.gated:FastGrnnStack"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.rank_share <= 1:
            raise SpecError(f"rank_share = {self.rank_share}; above 0 and at most 1 is needed")

    @property
    def inner(self) -> int | None:
        """r, or None for a whole matrix."""
        return None if self.rank_share == 1 else max(1, round(self.rank_share * self.hidden))

    @property
    def shape(self) -> Hashable:
        return (self.hidden, self.channels, self.pooled, self.inner)

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts H C + (H^2 or 2 H r) + 2 H + 2 + H o + o scalars, all effective."""
        h, c, r = self.hidden, self.channels, self.inner
        matrix = h * h if r is None else 2 * h * r
        # two products; per unit their sum, 2 biases, 2 nonlinearities, and 6 to mix
        step = 2 * h * c + 2 * matrix + 11 * h
        return self._size(n_inputs, n_outputs, h * c + matrix + 2 * h + 2, step)


def gru(hyperparameters: Mapping[str, Value]) -> Gru:
    """Builds a model."""
    return Gru(
        int(hyperparameters["hidden"]),
        int(hyperparameters["input_channels"]),
        pooling(hyperparameters["pooling"]),
    )


def fast_grnn(hyperparameters: Mapping[str, Value]) -> FastGrnn:
    """Builds a model."""
    return FastGrnn(
        int(hyperparameters["hidden"]),
        int(hyperparameters["input_channels"]),
        pooling(hyperparameters["pooling"]),
        float(hyperparameters["rank_share"]),
    )

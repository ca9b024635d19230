"""Causal convolutions over the steps of a sequence, and a readout of their maps.

    m_1 = relu(K_1 * x + b_1)     m_{l+1} = relu(K_{l+1} * m_l + b_{l+1})     y = W_out f + b_out

Every layer has F maps and kernels of k steps, with zeros before the sequence. Layer l looks back in
strides of 2^(l-1) steps, so L layers see 1 + (k - 1)(2^L - 1) steps. f is the last step of m_L, or
its mean over all steps.

Source: Bai et al., "An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling" (arXiv:1803.01271, 2018), without residual blocks; Wang et al., "Time series
classification from scratch with deep neural networks" (IJCNN 2017), for the mean over time.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.family import Size
from frontier_search.models.sequence import Pooling, pooled_flops, pooling, steps
from frontier_search.space import Value


@dataclass(frozen=True)
class Convolution1d:
    """Causal convolutions.

    Attributes:
        filters: F.
        kernel: k.
        layers: L.
        channels: C.
        pooled: what the readout sees.
    """

    filters: int
    kernel: int
    layers: int
    channels: int
    pooled: Pooling = "last"
    network: str = "frontier_search.models.networks.convolution_1d:Convolution1dStack"

    def __post_init__(self) -> None:
        given = {"filters": self.filters, "kernel": self.kernel, "layers": self.layers}
        problems = [f"{k} = {v}; at least 1 is needed" for k, v in given.items() if v < 1]
        if problems:
            raise SpecError(problems)

    @property
    def shape(self) -> Hashable:
        return (self.filters, self.kernel, self.layers, self.channels, self.pooled)

    @property
    def rank(self) -> int:
        return 0

    def taps(self, layer: int, n_steps: int) -> int:
        """Returns how many steps of its kernel a layer, from 0, can use: none before the start."""
        return min(self.kernel, 1 + ((n_steps - 1) >> layer))

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts C F k + F, (L - 1)(F^2 k + F) and F o + o scalars.

        Entries of a kernel that reach before the first step of every row are not effective.
        Products with the zeros before a sequence are counted.
        """
        f, n_steps = self.filters, steps(n_inputs, self.channels)
        widths = [self.channels] + [f] * (self.layers - 1)
        taps = [self.taps(layer, n_steps) for layer in range(self.layers)]
        products = sum(f * width * tap for width, tap in zip(widths, taps, strict=True))
        rest = self.layers * f + f * n_outputs + n_outputs
        raw = sum(f * width * self.kernel for width in widths) + rest
        flops = n_steps * (2 * products + 2 * self.layers * f) + 2 * f * n_outputs
        flops += pooled_flops(self.pooled, n_steps, f)
        return Size(raw, products + rest, flops, 4 * raw)


def convolution_1d(hyperparameters: Mapping[str, Value]) -> Convolution1d:
    """Builds a model."""
    return Convolution1d(
        int(hyperparameters["filters"]),
        int(hyperparameters["kernel"]),
        int(hyperparameters["layers"]),
        int(hyperparameters["input_channels"]),
        pooling(hyperparameters["pooling"]),
    )

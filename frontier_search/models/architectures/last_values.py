"""An affine map of the last steps: a delay line with a readout, the control of every memory.

    y = W [x_{T-k+1}, ..., x_T] + b

with k delays, or all T steps if there are fewer. W and b are solved for in closed form
(``networks.readout``), as the readout of an echo-state network is.

Source: linear autoregression (Yule 1927); the delay line that reservoirs are compared with in
Appeltant et al., "Information processing using a single dynamical node as complex system" (Nature
Communications 2, 2011).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from frontier_search.errors import SpecError
from frontier_search.models.family import Size
from frontier_search.models.sequence import steps
from frontier_search.space import Value


@dataclass(frozen=True)
class LastValues:
    """A readout of the last steps.

    Attributes:
        delays: k.
        channels: C.
        ridge: the penalty, see ``architectures.varpro``.
    """

    delays: int
    channels: int
    ridge: float = 1e-6
    network: str = "frontier_search.models.networks.readout:LastValuesStack"

    def __post_init__(self) -> None:
        problems = []
        if self.delays < 1:
            problems.append(f"delays = {self.delays}; at least the last step is needed")
        if self.ridge <= 0:
            problems.append(f"ridge = {self.ridge:g}; a penalty above 0 is needed")
        if problems:
            raise SpecError(problems)

    @property
    def shape(self) -> Hashable:
        return (self.delays, self.channels)

    @property
    def rank(self) -> int:
        return 0

    def width(self, n_inputs: int) -> int:
        """Returns the features, min(k, T) C."""
        return min(self.delays, steps(n_inputs, self.channels)) * self.channels

    def size(self, n_inputs: int, n_outputs: int) -> Size:
        """Counts min(k, T) C o + o scalars, all effective."""
        products = self.width(n_inputs) * n_outputs
        raw = products + n_outputs
        return Size(raw, raw, 2 * products, 4 * raw)


def last_values(hyperparameters: Mapping[str, Value]) -> LastValues:
    """Builds a model."""
    return LastValues(
        int(hyperparameters["delays"]),
        int(hyperparameters["input_channels"]),
        float(hyperparameters["ridge"]),
    )

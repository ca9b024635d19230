"""The stacked programs of ``architectures.gated``: learned recurrences, differentiated by autograd.

The products with the inputs of all steps are one product for each model. Step t then takes its
columns of it, because the columns are ordered by step.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.models.architectures.gated import FastGrnn, Gru
from frontier_search.models.network import uniform
from frontier_search.models.sequence import Pooling, steps
from frontier_search.models.tanh import differentiable_tanh


def by_step(x: Tensor, n_steps: int, channels: int) -> Tensor:
    """Returns x (M, T C, n) as (M, C, T n): all rows' first steps, then all second ones."""
    return x.reshape(len(x), n_steps, channels, x.shape[2]).transpose(1, 2).flatten(2)


class _Readout:
    """A readout of H states that are last or means over T steps."""

    def __init__(
        self, hidden: int, channels: int, pooled: Pooling, n_inputs: int, n_outputs: int
    ) -> None:
        self.hidden, self.channels, self.pooled = hidden, channels, pooled
        self.n_steps = steps(n_inputs, channels)
        self.learned: dict[str, tuple[int, ...]] = {
            "w_out": (n_outputs, hidden),
            "b_out": (n_outputs, 1),
        }

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws every tensor as torch.nn.GRU and torch.nn.Linear do, with fan H."""
        return {
            name: uniform(generator, shape, self.hidden) for name, shape in self.learned.items()
        }

    def heard(self, bias: Tensor, weights: Tensor, x: Tensor) -> tuple[Tensor, ...]:
        """Returns W x_t + b of each step, (M, rows of W, n) each."""
        products = torch.baddbmm(bias, weights, by_step(x, self.n_steps, self.channels))
        # not chunk, with which torch.export would fix the number of rows
        return products.view(*products.shape[:2], self.n_steps, x.shape[2]).unbind(dim=2)

    def read(self, learned: Mapping[str, Tensor], states: Iterator[Tensor]) -> Tensor:
        """Returns the outputs (M, o, n) of the states after each step."""
        total = state = next(states)
        for state in states:
            total = total + state if self.pooled == "mean" else total
        pooled = total / self.n_steps if self.pooled == "mean" else state
        return torch.baddbmm(learned["b_out"], learned["w_out"], pooled)


class GruStack(_Readout):
    """M gated recurrent units of equal width.

    Learned: ``w_x`` (M, 3 H, C), ``w_h`` (M, 3 H, H) and ``b`` (M, 3 H, 1), each of the reset gate,
    the update gate and the candidate; ``d`` (M, H, 1); ``w_out`` and ``b_out``.
    """

    def __init__(
        self,
        models: Sequence[Gru],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        h, c = models[0].hidden, models[0].channels
        super().__init__(h, c, models[0].pooled, n_inputs, n_outputs)
        cell = {"w_x": (3 * h, c), "w_h": (3 * h, h), "b": (3 * h, 1), "d": (h, 1)}
        self.learned = cell | self.learned

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return self.read(learned, self._states(learned, x))

    def _states(self, learned: Mapping[str, Tensor], x: Tensor) -> Iterator[Tensor]:
        gates = 2 * self.hidden
        w_h, d = learned["w_h"], learned["d"]
        state = torch.zeros_like(x[:, :1]).expand(-1, self.hidden, -1)
        for heard in self.heard(learned["b"], learned["w_x"], x):
            recalled = torch.bmm(w_h, state)
            reset, update = torch.sigmoid(heard[:, :gates] + recalled[:, :gates]).chunk(2, dim=1)
            candidate = differentiable_tanh(
                torch.addcmul(heard[:, gates:], reset, recalled[:, gates:] + d)
            )
            state = torch.lerp(candidate, state, update)
            yield state


class FastGrnnStack(_Readout):
    """M fast gated recurrent units of equal width and rank.

    Learned: ``w`` (M, H, C); ``u`` (M, H, H), or ``u_1`` (M, H, r) and ``u_2`` (M, r, H); ``b_z``
    and ``b_c`` (M, H, 1); ``zeta`` and ``nu`` (M, 1, 1); ``w_out`` and ``b_out``.
    """

    def __init__(
        self,
        models: Sequence[FastGrnn],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        h, c, r = models[0].hidden, models[0].channels, models[0].inner
        super().__init__(h, c, models[0].pooled, n_inputs, n_outputs)
        matrix = {"u": (h, h)} if r is None else {"u_1": (h, r), "u_2": (r, h)}
        rest = {"b_z": (h, 1), "b_c": (h, 1), "zeta": (1, 1), "nu": (1, 1)}
        self.learned = {"w": (h, c), **matrix, **rest, **self.learned}

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws the first weights; zeta and nu begin as published, at 1 and -4."""
        drawn = super().initial(generator)
        return drawn | {"zeta": torch.ones(1, 1), "nu": torch.full((1, 1), -4.0)}

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return self.read(learned, self._states(learned, x))

    def _states(self, learned: Mapping[str, Tensor], x: Tensor) -> Iterator[Tensor]:
        u = learned["u"] if "u" in learned else torch.bmm(learned["u_1"], learned["u_2"])
        zeta, nu = torch.sigmoid(learned["zeta"]), torch.sigmoid(learned["nu"])
        state = torch.zeros_like(x[:, :1]).expand(-1, self.hidden, -1)
        for heard in self.heard(torch.zeros_like(learned["b_z"]), learned["w"], x):
            both = torch.baddbmm(heard, u, state)
            gate = torch.sigmoid(both + learned["b_z"])
            candidate = differentiable_tanh(both + learned["b_c"])
            state = (zeta * (1 - gate) + nu) * candidate + gate * state
            yield state

"""The stacked program of ``architectures.reservoir``: batched products over the models that run.

The models are sorted by their number of steps, so step t computes only the first ``active[t]`` of
them. The input map and the skip connection of the readout share one product: ``w_x`` holds the rows
of W_in above the x part of W_out's.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from frontier_search.models import kronecker_product
from frontier_search.models.architectures.reservoir import Reservoir
from frontier_search.models.network import uniform
from frontier_search.models.program import Program
from frontier_search.models.tanh import differentiable_tanh, tanh, tanh_of_half


@dataclass
class Saved:
    """What the backward pass needs.

    Attributes:
        x: the rows, (M, d, batch).
        states: h_0, h_1, ..., each of the models that ran at the step that made it.
        messages: s = sigmoid(2 G h_t) of each step; phi(G h_t) = 2 s - 1.
        updates: phi(h_t + phi(G h_t)) of each step; the next state itself unless gated or leaky.
        last: h_T of every model, (M, H, batch).
    """

    x: Tensor
    states: list[Tensor]
    messages: list[Tensor]
    updates: list[Tensor]
    last: Tensor


def map_shapes(n_inputs: int, hidden: int, n_outputs: int) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of one model's input map and readout."""
    width = hidden + n_outputs
    return {"w_x": (width, n_inputs), "b_x": (width, 1), "w_h": (n_outputs, hidden)}


def initial_maps(
    generator: torch.Generator, n_inputs: int, hidden: int, n_outputs: int
) -> dict[str, Tensor]:
    """Draws the first weights of an input map and a readout, as two torch.nn.Linear do."""
    d, h, o = n_inputs, hidden, n_outputs
    w_in, b_in = uniform(generator, (h, d), d), uniform(generator, (h, 1), d)
    w_out, b_out = uniform(generator, (o, d + h), d + h), uniform(generator, (o, 1), d + h)
    return {
        "w_x": torch.cat([w_in, w_out[:, :d]]),
        "b_x": torch.cat([b_in, b_out]),
        "w_h": w_out[:, d:],
    }


class ReservoirStack:
    """M reservoirs of equal width, with their own graphs and numbers of steps.

    Learned: ``w_x`` (M, H + o, d), ``b_x`` (M, H + o, 1), ``w_h`` (M, o, H) and, if gated, ``gate``
    (M, 1, 1). Fixed: ``graph`` (M', H, H), the matrices of the M' models that have one, with M' = 0
    if the graphs are factored, and, if leaky, ``leak`` (M, H, 1).
    """

    def __init__(
        self,
        models: Sequence[Reservoir],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        self.hidden, self.gated = models[0].hidden, models[0].gated
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self.learned = map_shapes(n_inputs, self.hidden, n_outputs)
        if self.gated:
            self.learned["gate"] = (1, 1)
        self._steps = tuple(model.steps for model in models)
        self.active = [
            sum(model.steps > step for model in models) for step in range(models[0].steps)
        ]
        product = models[0].product
        self._factored = (
            kronecker_product.FactoredGraphs(
                product, [model.spectral_radius for model in models], device
            )
            if product
            else None
        )
        graphs = [
            model.matrix(seed)
            for model, seed in zip(models, seeds, strict=True)
            if model.steps and not product
        ]
        self.graph = (
            torch.from_numpy(np.stack(graphs)).to(device)
            if graphs
            else torch.zeros(0, self.hidden, self.hidden, device=device)
        )
        self._doubled_graph = 2 * self.graph
        self._minus_two = torch.tensor(-2.0, device=device)
        self.leaky = models[0].leaks is not None
        if self.leaky:
            leaks = torch.tensor([model.leaks for model in models], device=device)  # (M, 2)
            n_fast = (self.hidden + 1) // 2
            fast = leaks[:, :1].expand(-1, n_fast)
            slow = leaks[:, 1:].expand(-1, self.hidden - n_fast)
            self.leak = torch.cat([fast, slow], dim=1)[..., None]

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        weights = initial_maps(generator, self.n_inputs, self.hidden, self.n_outputs)
        return weights | ({"gate": torch.zeros(1, 1)} if self.gated else {})

    def program(self) -> Program:
        factored = self._factored
        graphs = self.graph.numpy() if factored is None else factored.programs()
        leaks = self.leak[:, :, 0].contiguous().numpy() if self.leaky else None
        return Program(
            "reservoir",
            self.hidden,
            gated=self.gated,
            steps=self._steps,
            graphs=list(graphs),
            leaks=leaks,
        )

    def _rate(self, learned: Mapping[str, Tensor], n: int) -> Tensor | None:
        """Returns how much of the update the first n models take, or None for all of it."""
        if self.gated:
            return torch.sigmoid(learned["gate"][:n])
        return self.leak[:n] if self.leaky else None

    def _messages(self, h: Tensor) -> Tensor:
        """Returns G h of the first models."""
        return (
            torch.bmm(self.graph[: len(h)], h)
            if self._factored is None
            else self._factored.messages(h)
        )

    def recur(self, learned: Mapping[str, Tensor], h: Tensor) -> Tensor:
        """Returns h_T for h_0, both (M, H, batch). Of what is learned it reads only the gate."""
        for n in self.active:
            running = h[:n]
            update = differentiable_tanh(running + differentiable_tanh(self._messages(running)))
            rate = self._rate(learned, n)
            update = update if rate is None else torch.lerp(running, update, rate)
            h = update if n == len(h) else torch.cat([update, h[n:]])
        return h

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        z = torch.baddbmm(learned["b_x"], learned["w_x"], x)
        h = self.recur(learned, differentiable_tanh(z[:, : self.hidden]))
        return torch.baddbmm(z[:, self.hidden :], learned["w_h"], h)

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Saved]:
        z = torch.baddbmm(learned["b_x"], learned["w_x"], x)
        first = tanh(z[:, : self.hidden])
        saved = Saved(x, [first], [], [], first.clone() if self.active else first)
        for n, still_active in itertools.pairwise([*self.active, 0]):
            running = saved.states[-1][:n]
            doubled = (
                torch.bmm(self._doubled_graph[:n], running)
                if self._factored is None
                else self._factored.messages(running, 2)
            )
            message = doubled.sigmoid_()
            update = torch.add(running, message, alpha=2)  # h + phi(G h) = h + 2 s - 1
            update = tanh_of_half(torch.add(self._minus_two, update, alpha=2, out=update))
            saved.messages.append(message)
            saved.updates.append(update)
            rate = self._rate(learned, n)
            saved.states.append(update if rate is None else torch.lerp(running, update, rate))
            saved.last[still_active:n] = saved.states[-1][still_active:]
        return torch.baddbmm(z[:, self.hidden :], learned["w_h"], saved.last), saved

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Saved,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        torch.bmm(d_outputs, saved.last.mT, out=gradients["w_h"])
        d_h = torch.bmm(learned["w_h"].mT, d_outputs)
        if self.gated:
            gradients["gate"].zero_()
        for step in reversed(range(len(self.active))):
            n = self.active[step]
            d_update, rate = d_h[:n], self._rate(learned, n)
            if self.gated and rate is not None:
                change = saved.updates[step] - saved.states[step][:n]
                gradients["gate"][:n] += (
                    (d_update * change).sum(dim=(1, 2), keepdim=True) * rate * (1 - rate)
                )
            if rate is not None:
                d_kept, d_update = d_update * (1 - rate), d_update * rate
            d_sum = torch.ops.aten.tanh_backward(d_update, saved.updates[step])
            # d phi = 4 s (1 - s)
            d_message = torch.ops.aten.sigmoid_backward(d_sum, saved.messages[step])
            if rate is not None:
                d_sum += d_kept
            if self._factored is None:
                torch.baddbmm(d_sum, self.graph[:n].mT, d_message, alpha=4, out=d_h[:n])
            else:
                torch.add(d_sum, self._factored.transposed(d_message), alpha=4, out=d_h[:n])
        d_z = torch.empty(
            d_h.shape[0], self.hidden + self.n_outputs, d_h.shape[2], device=d_h.device
        )
        torch.ops.aten.tanh_backward.grad_input(
            d_h, saved.states[0], grad_input=d_z[:, : self.hidden]
        )
        d_z[:, self.hidden :] = d_outputs
        torch.bmm(d_z, saved.x.mT, out=gradients["w_x"])
        torch.sum(d_z, dim=2, keepdim=True, out=gradients["b_x"])

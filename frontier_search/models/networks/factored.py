"""The stacked program of ``architectures.factored``: each step applies the factors one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from frontier_search.models import kronecker_product
from frontier_search.models.architectures.factored import Factored
from frontier_search.models.networks.reservoir import initial_maps, map_shapes
from frontier_search.models.program import LearnedFactors, Program
from frontier_search.models.tanh import differentiable_tanh

# Bound of the first u and v. K + u v^T is then K to within 0.01. Unlike at 0, both have a gradient.
FIRST_CORRECTION = 0.1


class FactoredStack:
    """M reservoirs of equal width whose factors are learned in the same way.

    Each has its own number of steps. Learned: ``w_x``, ``b_x``, ``w_h`` as in
    ``networks.reservoir``, and ``factors`` (M, 1 or L, n, n), or ``u`` and ``v`` (M, T, L, n).
    Fixed: ``factor`` (n, n), the initiator with spectral radius 1, and ``radius`` (M, 1, 1).
    """

    def __init__(
        self,
        models: Sequence[Factored],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        first = models[0]
        self.hidden, self.levels, self.steps, self.learns = (
            first.hidden,
            first.levels,
            first.steps,
            first.learns,
        )
        self.n_inputs, self.n_outputs = n_inputs, n_outputs
        self._steps = tuple(model.steps for model in models)
        self.active = [sum(model.steps > step for model in models) for step in range(self.steps)]
        self.radius = torch.tensor([model.spectral_radius for model in models], device=device)[
            :, None, None
        ]
        self._first = first.factor().astype(np.float32)
        self.factor = torch.from_numpy(self._first).to(device)
        n = len(self.factor)
        self.learned = map_shapes(n_inputs, self.hidden, n_outputs)
        if self.learns == "rank_one":
            self.learned |= {"u": (self.steps, self.levels, n), "v": (self.steps, self.levels, n)}
        else:
            self.learned["factors"] = (1 if self.learns == "shared" else self.levels, n, n)

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        weights = initial_maps(generator, self.n_inputs, self.hidden, self.n_outputs)
        if self.learns == "rank_one":
            for name in ("u", "v"):
                weights[name] = torch.empty(self.learned[name]).uniform_(
                    -FIRST_CORRECTION, FIRST_CORRECTION, generator=generator
                )
        else:
            weights["factors"] = torch.from_numpy(self._first).expand(self.learned["factors"])
        return weights

    def program(self) -> Program:
        first = self._first
        levels = [torch.from_numpy(first)[None]] * self.levels
        sizes = [block.shape[1] for block in kronecker_product.blocks(levels)]
        return Program(
            "reservoir",
            self.hidden,
            steps=self._steps,
            factors=LearnedFactors(
                self.learns,
                first,
                tuple(round(math.log(size, len(first))) for size in sizes),
                self.radius.flatten().numpy(),
            ),
        )

    def factors(self, learned: Mapping[str, Tensor]) -> list[list[Tensor]]:
        """Returns the factors of G_t for each step t, (M', n', n') each.

        M' is the number of models that run at the step.
        """
        if self.learns != "rank_one":
            first, *others = learned["factors"].expand(-1, self.levels, -1, -1).unbind(1)
            once = kronecker_product.blocks([self.radius * first, *others])
            return [[factor[:n] for factor in once] for n in self.active]
        corrections = learned["u"][..., None] * learned["v"][..., None, :]  # (M, T, L, n, n)
        levels = self.factor + corrections
        first, *others = levels.flatten(0, 1).unbind(1)
        every = kronecker_product.blocks(
            [self.radius.repeat_interleave(self.steps, dim=0) * first, *others]
        )
        return [[factor[step :: self.steps] for factor in every] for step in range(self.steps)]

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        z = torch.baddbmm(learned["b_x"], learned["w_x"], x)
        h = differentiable_tanh(z[:, : self.hidden])
        for n, factors in zip(self.active, self.factors(learned), strict=True):
            running = h[:n]
            update = differentiable_tanh(
                running + differentiable_tanh(kronecker_product.apply(factors, running))
            )
            h = update if n == len(h) else torch.cat([update, h[n:]])
        return torch.baddbmm(z[:, self.hidden :], learned["w_h"], h)

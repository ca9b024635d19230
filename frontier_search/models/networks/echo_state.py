"""The stacked programs of ``architectures.echo_state``: a fixed recurrence, step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from frontier_search.models.architectures.echo_state import EchoState
from frontier_search.models.networks.readout import SolvedReadout, TrainedReadout
from frontier_search.models.sequence import steps
from frontier_search.models.tanh import tanh
from frontier_search.seeds import INPUT_STREAM


class _States:
    """What the readouts of M models see of rows: x (M, T C, n) -> (M, C + H, n).

    Fixed: ``graph`` (M, H, H), ``weights`` (M, H, C), ``bias`` (M, H, 1) and ``leak`` (M, 1, 1).
    """

    def __init__(
        self,
        models: Sequence[EchoState],
        seeds: Sequence[int],
        n_inputs: int,
        device: torch.device,
    ) -> None:
        first = models[0]
        self.n_steps, self.channels = steps(n_inputs, first.channels), first.channels
        self.pooled = first.pooled
        shape = (first.core.hidden, first.channels + 1)
        drawn = {
            seed: np.random.default_rng([seed, INPUT_STREAM]).uniform(-1.0, 1.0, shape)
            for seed in set(seeds)
        }
        pairs = list(zip(models, seeds, strict=True))
        maps = np.stack([model.input_scale * drawn[seed] for model, seed in pairs])
        graphs = np.stack([model.core.matrix(seed) for model, seed in pairs])
        input_map = torch.from_numpy(maps.astype(np.float32)).to(device)
        self.weights = input_map[..., :-1].contiguous()
        self.bias = input_map[..., -1:].contiguous()  # no views: torch.export keeps whole tensors
        self.graph = torch.from_numpy(graphs).to(device)
        self.leak = torch.tensor([model.leak for model in models], device=device)[:, None, None]

    def __call__(self, x: Tensor) -> Tensor:
        by_step = x.reshape(len(x), self.n_steps, self.channels, x.shape[2])
        h = total = self._next(None, by_step[:, 0])
        for step in range(1, self.n_steps):
            h = self._next(h, by_step[:, step])
            total = total + h if self.pooled == "mean" else total
        if self.pooled == "last":
            return torch.cat([by_step[:, -1], h], dim=1)
        return torch.cat([by_step.mean(dim=1), total / self.n_steps], dim=1)

    def _next(self, h: Tensor | None, x: Tensor) -> Tensor:
        """Returns the states after a step, both (M, H, n); before the first they are zero."""
        heard = torch.baddbmm(self.bias, self.weights, x)
        if h is None:
            return self.leak * tanh(heard)
        return torch.lerp(h, tanh(torch.baddbmm(heard, self.graph, h)), self.leak)


class EchoStateStack(TrainedReadout):
    """M echo-state networks whose readouts are trained."""

    def __init__(
        self,
        models: Sequence[EchoState],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        states = _States(models, seeds, n_inputs, device)
        self.graph = states.graph
        super().__init__(states, models[0].channels + models[0].core.hidden, n_outputs)


class SolvedEchoStateStack(SolvedReadout):
    """M echo-state networks whose readouts are solved for."""

    def __init__(
        self,
        models: Sequence[EchoState],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        states = _States(models, seeds, n_inputs, device)
        self.graph = states.graph
        ridges = [model.ridge for model in models]
        width = models[0].channels + models[0].core.hidden
        super().__init__(states, width, n_outputs, ridges, device)

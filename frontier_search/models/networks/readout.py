"""Stacked linear readouts over features that nothing learned changes: trained, or solved for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from frontier_search.data.dataset import Task
from frontier_search.models.architectures.last_values import LastValues
from frontier_search.models.network import Batches, uniform
from frontier_search.models.networks.solving import penalties, solve, with_one

Features = Callable[[Tensor], Tensor]  # x (M, d, n) -> (M, F, n)
KEPT = 256 << 20  # bytes of the features of all training rows that are kept between two epochs


class TrainedReadout:
    """M readouts, y = W f + b, trained by gradients.

    Learned: ``w`` (M, o, F) and ``b`` (M, o, 1).
    """

    def __init__(self, features: Features, n_features: int, n_outputs: int) -> None:
        self.features, self.n_features = features, n_features
        self.learned: dict[str, tuple[int, ...]] = {
            "w": (n_outputs, n_features),
            "b": (n_outputs, 1),
        }

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        return {
            name: uniform(generator, shape, self.n_features) for name, shape in self.learned.items()
        }

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        return self.forward_saving(learned, x)[0]

    def forward_saving(self, learned: Mapping[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            features = self.features(x)
        return torch.baddbmm(learned["b"], learned["w"], features), features

    def backward(
        self,
        learned: Mapping[str, Tensor],
        saved: Tensor,
        d_outputs: Tensor,
        gradients: Mapping[str, Tensor],
    ) -> None:
        torch.bmm(d_outputs, saved.mT, out=gradients["w"])
        torch.sum(d_outputs, dim=2, keepdim=True, out=gradients["b"])


class SolvedReadout(TrainedReadout):
    """M readouts, solved for on all training rows, see ``networks.solving``.

    The features of the training rows are computed once, where they fit in memory.
    """

    wholly_solved = True

    def __init__(
        self,
        features: Features,
        n_features: int,
        n_outputs: int,
        ridges: list[float],
        device: torch.device,
    ) -> None:
        super().__init__(features, n_features, n_outputs)
        self.penalty = penalties(ridges, n_features + 1, device)
        self._kept: list[tuple[Tensor, Tensor]] | None = None

    def solve(self, learned: Mapping[str, Tensor], batches: Batches, task: Task) -> None:
        if task == "regression":  # one step solves it, so that what was before says nothing
            learned["w"].zero_()
            learned["b"].zero_()

        def rows() -> Iterator[tuple[Tensor, Tensor, Tensor]]:
            for features, y in self._with_features(batches):
                yield with_one(features), torch.baddbmm(learned["b"], learned["w"], features), y

        def store(weights: Tensor) -> None:
            learned["w"][:], learned["b"][:] = weights[..., :-1], weights[..., -1:]

        weights = torch.cat([learned["w"], learned["b"]], dim=2).double()
        solve(weights, self.penalty, task, rows, store)

    def _with_features(self, batches: Batches) -> Iterator[tuple[Tensor, Tensor]]:
        if self._kept is not None:
            yield from self._kept
            return
        kept, size = [], 0
        for x, y in batches():
            features = self.features(x)
            size += features.element_size() * features.numel()
            if size <= KEPT:
                kept.append((features, y))
            yield features, y
        self._kept = kept if size <= KEPT else None

    def hold(self, gradients: Mapping[str, Tensor]) -> None:
        for gradient in gradients.values():
            gradient.zero_()


class LastValuesStack(SolvedReadout):
    """M readouts of the last steps."""

    def __init__(
        self,
        models: Sequence[LastValues],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        width = models[0].width(n_inputs)
        ridges = [model.ridge for model in models]
        super().__init__(lambda x: x[:, -width:], width, n_outputs, ridges, device)

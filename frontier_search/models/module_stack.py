"""Stacks of a user's own module, through ``torch.func``: the module itself is not changed.

Source: Horace He and Richard Zou, "functorch: JAX-like composable function transforms for PyTorch"
(2021), model ensembling.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.module import Outputs, as_outputs, build
from frontier_search.models.noise import Noise, key_of

One = tuple[Tensor, dict[str, Tensor]]  # of one model: outputs (n, o), and what it carries


class ModuleStack:
    """M models that the user's callable makes.

    ``learned`` holds what gradients train, and after it what is *carried*: buffers, such as the
    running statistics of a batch norm, and frozen parameters. Every model has its own copy.

    Args:
        stacked: whether the models are one tensor program. If not, they are a loop.

    Attributes:
        carried: of ``learned``, the names that no gradient changes.
    """

    def __init__(
        self,
        architecture: OwnModule,
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
        stacked: bool,
    ) -> None:
        self.architecture, self.seeds, self.stacked = architecture, tuple(seeds), stacked
        self.sizes, self._device = (n_inputs, n_outputs), device
        self.module = build(architecture, n_inputs, n_outputs).to(device)
        parameters = dict(self.module.named_parameters())
        trained = {name: each for name, each in parameters.items() if each.requires_grad}
        frozen = {name: each for name, each in parameters.items() if name not in trained}
        carried = {**frozen, **dict(self.module.named_buffers())}
        self.carried = frozenset(carried)
        self.learned = {name: tuple(each.shape) for name, each in {**trained, **carried}.items()}
        self._dtypes = {name: each.dtype for name, each in carried.items()}

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        made = build(self.architecture, *self.sizes, seed=generator.initial_seed())
        tensors = {**dict(made.named_parameters()), **dict(made.named_buffers())}
        return {name: tensors[name].detach().float() for name in self.learned}

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        self.module.eval()
        if self.stacked:
            with sdpa_kernel(SDPBackend.MATH), _without_fastpath():
                return torch.vmap(self._outputs)(dict(learned), x.mT).mT
        return torch.stack([self._outputs(of(learned, m), x[m].T).T for m in range(len(x))])

    def forward_training(self, learned: Mapping[str, Tensor], x: Tensor, step: int) -> Tensor:
        """As ``forward``, in training mode. It changes what is carried, in place."""
        keys = [key_of(seed, step) for seed in self.seeds]
        if self.stacked:
            self.module.train()
            key = torch.tensor(keys, dtype=torch.int32, device=self._device)
            outputs, carried = torch.vmap(self.noisy)(dict(learned), x.mT, key)
        else:
            alone = [self._seeded(of(learned, m), x[m].T, key) for m, key in enumerate(keys)]
            outputs = torch.stack([each for each, _ in alone])
            carried = {name: torch.stack([own[name] for _, own in alone]) for name in self.carried}
        for name, value in carried.items():
            # .data, because all tensors of a stack may share one block, whose other parts autograd
            # has saved
            learned[name].data.copy_(value)
        return outputs.mT

    def plain(self, learned: Mapping[str, Tensor]) -> nn.Module:
        """Returns the first model as the user's own module with its values, in evaluation mode."""
        made = build(self.architecture, *self.sizes)
        own = {**dict(made.named_parameters()), **dict(made.named_buffers())}
        with torch.no_grad():
            for name, value in learned.items():
                own[name].copy_(value[0])
        return Outputs(made).eval().requires_grad_(False)

    def noisy(self, learned: Mapping[str, Tensor], rows: Tensor, key: Tensor) -> One:
        """Calls the module of one model, in its present mode, with the noise of a key () int32."""
        with Noise(key):
            return self._call(learned, rows)

    def _seeded(self, learned: Mapping[str, Tensor], rows: Tensor, key: int) -> One:
        """Calls the module of one model in training mode, with torch's own random numbers."""
        self.module.train()
        with torch.random.fork_rng(devices=self._accelerators()):
            torch.manual_seed(key)
            return self._call(learned, rows)

    def _accelerators(self) -> list[torch.device]:
        return [self._device] if self._device.type == "cuda" else []

    def _outputs(self, learned: Mapping[str, Tensor], rows: Tensor) -> Tensor:
        return self._call(learned, rows)[0]

    def _call(self, learned: Mapping[str, Tensor], rows: Tensor) -> One:
        """Calls the module of one model on rows (n, d)."""
        own = {
            name: value.clone().to(self._dtypes[name]) if name in self.carried else value
            for name, value in learned.items()
        }
        outputs = as_outputs(functional_call(self.module, own, (rows,)), len(rows), self.sizes[1])
        # a module may write into a buffer, or put another one in its place
        return outputs, {name: own[name].detach().float() for name in self.carried}


@contextmanager
def _without_fastpath() -> Iterator[None]:
    """Takes the long way through attention inside the block: the short one has no stacked form."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def of(learned: Mapping[str, Tensor], model: int) -> dict[str, Tensor]:
    """Returns the tensors of one model of a stack."""
    return {name: value[model] for name, value in learned.items()}

"""What a user's own module is examined for before it is trained: can a stack of it be trusted?

One training step of a stack is compared with the same step of each module alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from frontier_search.errors import SpecError
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.module import (
    as_written,
    build,
    cannot_be_called,
    in_words,
    lacks_statistics,
)
from frontier_search.models.module_stack import ModuleStack, of
from frontier_search.models.noise import key_of
from frontier_search.zoo import load

SEEDS = (1, 2, 3)
N_ROWS = 7
TOLERANCE = {"rtol": 1e-3, "atol": 1e-4}


@dataclass(frozen=True)
class Examined:
    """What was found.

    Attributes:
        stacked: whether models of this module are trained as one tensor program.
        notes: sentences that the user should know.
    """

    stacked: bool
    notes: tuple[str, ...] = ()


def examine(architecture: OwnModule, n_inputs: int, n_outputs: int) -> Examined:
    """Examines a module once a process.

    Raises:
        SpecError: it cannot be trained.
    """
    return _examine(architecture, n_inputs, n_outputs, load(architecture.path))


def notes(architecture: OwnModule, n_inputs: int, n_outputs: int) -> tuple[str, ...]:
    """Examines a module, and returns the sentences that the user should know.

    Raises:
        SpecError: it cannot be trained.
    """
    return examine(architecture, n_inputs, n_outputs).notes


@lru_cache(maxsize=512)
def _examine(architecture: OwnModule, n_inputs: int, n_outputs: int, version: object) -> Examined:
    with torch.random.fork_rng(devices=[]):
        return _Examination(architecture, n_inputs, n_outputs).run()


Step = tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]  # outputs, gradients, what is carried


class _Examination:
    def __init__(self, architecture: OwnModule, n_inputs: int, n_outputs: int) -> None:
        self.architecture, self.sizes = architecture, (n_inputs, n_outputs)
        generator = torch.Generator().manual_seed(0)
        self.x = torch.randn(len(SEEDS), n_inputs, N_ROWS, generator=generator)
        self.notes: list[str] = []

    def run(self) -> Examined:
        name = self.architecture.path
        self._same_first_weights()
        try:
            before = torch.random.get_rng_state()
            alone = [self._alone(i) for i in range(len(SEEDS))]
            draws = not torch.equal(before, torch.random.get_rng_state())
        except Exception as error:  # the user's code may raise anything
            raise SpecError(cannot_be_called(self.architecture, self.sizes[0], error)) from error
        if not any(gradient.any() for _, gradients, _ in alone for gradient in gradients.values()):
            raise SpecError(f"family {name!r}: no gradient reaches its parameters.")
        self._look_at_outputs()
        reason = self._not_stackable(alone)
        if draws:
            reason = "it draws random numbers otherwise than by dropout, rand or randn"
        if reason is not None:
            self.notes.append(
                f"family {name!r} cannot be stacked: {reason}. Its models are trained one by one, "
                "so that ten models take ten times as long as one."
            )
        return Examined(reason is None, tuple(self.notes))

    def _same_first_weights(self) -> None:
        one, other = (build(self.architecture, *self.sizes, seed=1).state_dict() for _ in range(2))
        for key, value in one.items():
            if not torch.equal(value.nan_to_num(), other[key].nan_to_num()):
                raise SpecError(
                    f"family {self.architecture.path!r}: the first values of {key} are not those "
                    "of torch's random numbers, so no seed decides them; draw them with torch."
                )

    def _look_at_outputs(self) -> None:
        """Notes what is unusual in what the module returns."""
        plain, name = build(self.architecture, *self.sizes, seed=1).eval(), self.architecture.path
        rows = self.x[0].mT
        with torch.no_grad():
            found = plain(rows)
            if isinstance(found, tuple | list):
                self.notes.append(
                    f"family {name!r} returns {len(found)} items; the first one is its outputs."
                )
            stack = self._stack(SEEDS[:1], stacked=False)
            learned = _learned(stack)
            among = stack.forward(learned, self.x[:1])
            try:
                alone = torch.cat(
                    [stack.forward(learned, self.x[:1, :, i : i + 1]) for i in range(N_ROWS)], 2
                )
                same = torch.allclose(among, alone, rtol=1e-3, atol=1e-4)
            except Exception:  # the user's code may raise anything
                same = False
        if not same:
            self.notes.append(
                f"family {name!r} gives a row other outputs alone than among other rows, so its "
                "losses hold for the rows that were measured together."
            )
        written = as_written(self.architecture, *self.sizes)
        if any(lacks_statistics(module) for module in written.modules()):
            self.notes.append(
                f"family {name!r} has a batch norm without running statistics; it is given them, "
                "because otherwise a row's outputs would depend on the rows beside it."
            )
        if (
            self.sizes[1] > 1
            and (among >= 0).all()
            and torch.allclose(among.sum(1), torch.ones(()), atol=1e-4)
        ):
            self.notes.append(
                f"family {name!r} returns probabilities; its loss takes logits, so leave the last "
                "softmax out."
            )

    def _stack(self, seeds: tuple[int, ...], stacked: bool) -> ModuleStack:
        device = torch.device("cpu")
        return ModuleStack(self.architecture, seeds, *self.sizes, device, stacked)

    def _alone(self, i: int) -> Step:
        """Returns a training step of one module by itself, with the noise that a stack has."""
        stack = self._stack(SEEDS[i : i + 1], stacked=False)
        stack.module.train()
        leaves, key = _leaves(stack), torch.tensor(key_of(SEEDS[i], 0), dtype=torch.int32)
        outputs, carried = stack.noisy(of(leaves, 0), self.x[i].T, key)
        found = _gradients(stack, leaves, outputs.T[None])
        return outputs.T[None].detach(), found, {name: own[None] for name, own in carried.items()}

    def _not_stackable(self, alone: Sequence[Step]) -> str | None:
        """Returns why a stack of this module cannot be trained as one program, or None."""
        stack = self._stack(SEEDS, stacked=True)
        try:
            leaves = _leaves(stack)
            outputs = stack.forward_training(leaves, self.x, step=0)
            gradients = _gradients(stack, leaves, outputs)
            with torch.no_grad():
                evaluated = stack.forward(_learned(stack), self.x)
                looped = self._stack(SEEDS, stacked=False)
                plainly = looped.forward(_learned(looped), self.x)
        except Exception as error:  # of the user's code, or of vmap
            return _reason(error)
        together: dict[str, tuple[Tensor, Tensor]] = {
            "outputs": (outputs, torch.cat([step[0] for step in alone])),
            "evaluated outputs": (evaluated, plainly),
        }
        for name in gradients:
            own = torch.cat([found[name] for _, found, _ in alone])
            together[f"gradients of {name}"] = (gradients[name], own)
        for name in stack.carried:
            own = torch.cat([found[name] for _, _, found in alone])
            together[f"values of buffer {name}"] = (leaves[name], own)
        for name, (stacked, separate) in together.items():
            if not torch.allclose(stacked, separate, equal_nan=True, **TOLERANCE):
                return f"the {name} of a stack are not those of its models alone"
        return None


def _learned(stack: ModuleStack) -> dict[str, Tensor]:
    """Returns the first values of a stack, (M, ...)."""
    first = [stack.initial(torch.Generator().manual_seed(seed)) for seed in stack.seeds]
    return {name: torch.stack([each[name] for each in first]) for name in stack.learned}


def _leaves(stack: ModuleStack) -> dict[str, Tensor]:
    """Returns the first values of a stack as leaves of autograd, except for what is carried."""
    return {
        name: value.requires_grad_(name not in stack.carried)
        for name, value in _learned(stack).items()
    }


def _gradients(
    stack: ModuleStack, leaves: Mapping[str, Tensor], outputs: Tensor
) -> dict[str, Tensor]:
    trained = {name: leaf for name, leaf in leaves.items() if name not in stack.carried}
    loss = outputs.square().mean(2).sum()
    found = torch.autograd.grad(loss, list(trained.values()), materialize_grads=True)
    return dict(zip(trained, found, strict=True))


def _reason(error: Exception) -> str:
    """Returns why vmap refused, as a clause in a user's words."""
    text = str(error)
    if "item()" in text or "data-dependent control flow" in text:
        return "its forward reads a value (`.item()`, or an `if` that depends on data)"
    if "batching rule" in text or "aten::" in text:
        start = text.find("aten::")
        operator = text[start:].split()[0].rstrip(".,;") if start >= 0 else "one of its operators"
        return f"torch has no stacked form of {operator}"
    return in_words(error)

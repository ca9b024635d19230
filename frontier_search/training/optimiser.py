"""Adam with a learning rate and a decoupled weight decay for each model of a stack.

Sources: Kingma and Ba, "Adam" (ICLR 2015), algorithm 1; Loshchilov and Hutter, "Decoupled Weight
Decay Regularization" (ICLR 2019), algorithm 2. With weight decay 0 it is Adam. It equals
torch.optim.AdamW on each model separately.
"""

from __future__ import annotations

import torch
from torch import Tensor

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-8


class StackedAdamW:
    """Updates n learned scalars, each with its model's learning rate and weight decay.

    Args:
        flat: (n,), changed in place.
        learning_rates: (n,).
        weight_decays: (n,), or None where nothing decays.

    Attributes:
        mean: (n,), first moment m of the gradient.
        square: (n,), second moment v of the gradient.
        step_count: updates made so far, t.
    """

    def __init__(
        self, flat: Tensor, learning_rates: Tensor, weight_decays: Tensor | None = None
    ) -> None:
        self.flat = flat
        self.mean, self.square = torch.zeros_like(flat), torch.zeros_like(flat)
        self.step_count = 0
        self._rates = learning_rates
        self._kept = None if weight_decays is None else 1 - learning_rates * weight_decays
        self._scratch = torch.empty_like(flat)

    def step(self, gradient: Tensor) -> None:
        """Does theta -= rate * m_hat / (sqrt(v_hat) + epsilon) for a gradient (n,)."""
        self.step_count += 1
        if self._kept is not None:
            self.flat.mul_(self._kept)
        self.mean.lerp_(gradient, 1 - BETA_1)
        self.square.mul_(BETA_2).addcmul_(gradient, gradient, value=1 - BETA_2)
        root = (1 - BETA_2**self.step_count) ** 0.5
        bias = 1 - BETA_1**self.step_count
        # m_hat / (sqrt(v_hat) + e) = (root / bias) m / (sqrt(v) + e root)
        denominator = torch.sqrt(self.square, out=self._scratch).add_(EPSILON * root)
        ratio = torch.div(self.mean, denominator, out=denominator)
        self.flat.addcmul_(ratio, self._rates, value=-root / bias)

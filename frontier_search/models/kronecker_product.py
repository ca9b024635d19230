"""Multiplies a Kronecker product by a matrix, factor by factor: the H x H matrix is never built.

    (F_1 (x) ... (x) F_L) h:   h seen as a tensor of L axes, axis l multiplied by F_l

For L factors of n x n and H = n^L a column takes 2 n L H operations instead of 2 H^2. The order is
numpy.kron's, with the first factor as the slowest axis.

Source: Van Loan, "The ubiquitous Kronecker product" (Journal of Computational and Applied
Mathematics 123, 2000), section 2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from frontier_search.models.graph import Product
from frontier_search.models.program import Factors

# Neighbouring factors are multiplied out to blocks of at most 16 rows. One pass over h replaces
# four, and a pass takes longer than the products.
BLOCK = 16


def apply(factors: Sequence[Tensor], h: Tensor) -> Tensor:
    """Multiplies a Kronecker product by a matrix, for M models at once. Differentiable in both.

    Args:
        factors: each (M, p_l, q_l), or (1, p_l, q_l) if all models share it.
        h: (M, q_1 ... q_L, batch).

    Returns:
        (M, p_1 ... p_L, batch).
    """
    n_models, _, batch = h.shape
    left = 1
    for factor in blocks(factors):
        h = factor[:, None] @ h.reshape(n_models, left, factor.shape[2], -1)
        left *= factor.shape[1]
    return h.reshape(n_models, left, batch)


def product(a: Tensor, b: Tensor) -> Tensor:
    """Returns a (x) b of every model: (M, p, q) and (M, r, s) -> (M, p r, q s)."""
    entries = a[:, :, None, :, None] * b[:, None, :, None, :]
    return entries.reshape(len(entries), a.shape[1] * b.shape[1], a.shape[2] * b.shape[2])


def blocks(factors: Sequence[Tensor]) -> list[Tensor]:
    """Multiplies neighbouring factors while the result stays within BLOCK rows.

    Idempotent, so ``apply`` may call it again. The blocks are about equally large: with H = 512 in
    blocks of 16, 16 and 2, the last one would take longer than 8, 8 and 8 together.
    """
    merged: list[Tensor] = []
    rest, even = math.prod(factor.shape[1] for factor in factors), 0.0
    for factor in factors:
        if merged and merged[-1].shape[1] < even and merged[-1].shape[1] * factor.shape[1] <= BLOCK:
            merged[-1] = product(merged[-1], factor)
        else:
            merged.append(factor)
            even = _even(rest)
        rest //= factor.shape[1]
    return merged


def _even(rows: int) -> float:
    """Returns the rows of a block if as few equal blocks as possible have ``rows`` as product."""
    count = 1
    while BLOCK**count < rows:
        count += 1
    return float(rows ** (1 / count)) - 1e-9  # 512^(1/3) may come out above 8


class FactoredGraphs:
    """The graphs of M models: one Kronecker product without its diagonal, at M spectral radii.

    The loops are subtracted afterwards: G h = rho / r (K h - diag(K) h), with r the spectral radius
    of K without its diagonal.
    """

    def __init__(
        self, product: Product, spectral_radii: Sequence[float], device: torch.device
    ) -> None:
        scale = (torch.tensor(spectral_radii, dtype=torch.float64) / product.radius)[:, None, None]
        every = blocks([torch.from_numpy(factor)[None] for factor in product.factors])
        self._factors = [
            (scale * every[0]).float().to(device),
            *(block.float().to(device) for block in every[1:]),
        ]
        loops = torch.from_numpy(product.loops())
        self._hidden = len(loops)
        self._looped = loops.nonzero()[:, 0].to(device)
        self._loops = (scale * loops[loops != 0][:, None]).float().to(device)

    def messages(self, h: Tensor, times: float = 1.0) -> Tensor:
        """Returns ``times`` G h of the first M' models, for h (M', H, batch). Differentiable."""
        return self._messages(h, times, [factor[: len(h)] for factor in self._factors])

    def transposed(self, d: Tensor) -> Tensor:
        """Returns G^T d of the first M' models, d of shape (M', H, batch)."""
        return self._messages(d, 1.0, [factor[: len(d)].mT for factor in self._factors])

    def programs(self) -> list[Factors]:
        """The graph of each model, for the compiled kernel."""
        loops = torch.zeros(len(self._loops), self._hidden)
        loops[:, self._looped] = self._loops[..., 0]
        shared = tuple(factor[0].contiguous().numpy() for factor in self._factors[1:])
        return [
            Factors((first.contiguous().numpy(), *shared), own.numpy())
            for first, own in zip(self._factors[0], loops, strict=True)
        ]

    def _messages(self, h: Tensor, times: float, factors: Sequence[Tensor]) -> Tensor:
        messages = apply([times * factors[0], *factors[1:]], h)
        return messages.index_add_(
            1, self._looped, h[:, self._looped] * self._loops[: len(h)], alpha=-times
        )

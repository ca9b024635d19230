"""Random numbers inside a module that belong to one model, whichever stack it is trained in.

``torch.func.vmap`` draws the noise of a whole stack at once, so a model's dropout would depend on
the models beside it. Here a number is a hash of the model's seed, the step, the draw within the
step and the position, which is the same in a stack and alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from frontier_search.seeds import NOISE_STREAM

MASK = 2**31 - 1


def key_of(seed: int, step: int) -> int:
    """Returns the 31 bits that decide the noise of one model in one step."""
    return int(np.random.SeedSequence([seed, NOISE_STREAM, step]).generate_state(1)[0]) & MASK


class Noise(TorchFunctionMode):
    """Inside this block, dropout and random tensors are drawn from a key.

    Args:
        key: () int32, of one model; inside ``vmap`` it is another one for each model.
    """

    def __init__(self, key: Tensor) -> None:
        super().__init__()
        self._key, self._n_draws = key, 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        given = dict(kwargs or {})
        own = _OWN.get(func)
        if own is not None:
            return own(self, *args, **given)
        if func is functional.multi_head_attention_forward:
            # Its body runs outside this mode, and looks up both names when it needs them.
            with (
                mock.patch.object(functional, "dropout", self.dropout),
                mock.patch.object(functional, "scaled_dot_product_attention", self.attention),
            ):
                return func(*args, **given)
        return func(*args, **given)

    def bits(self, shape: torch.Size | tuple[int, ...]) -> Tensor:
        """Returns 31 random bits for every element, int32. Source: Wellons, "lowbias32"."""
        self._n_draws += 1
        index = torch.arange(math.prod(shape), dtype=torch.int32, device=self._key.device)
        x = _mixed(_mixed(index + self._n_draws * 0x01000193) ^ self._key)
        return (x & MASK).reshape(shape)

    def uniform(self, shape: torch.Size | tuple[int, ...]) -> Tensor:
        """Returns numbers in (0, 1), float32."""
        return ((self.bits(shape) >> 8).float() + 0.5) / 2**23

    def normal(self, shape: torch.Size | tuple[int, ...]) -> Tensor:
        """Returns standard normal numbers. Source: Box and Muller (1958)."""
        radius = (-2 * self.uniform(shape).log()).sqrt()
        return radius * torch.cos(2 * math.pi * self.uniform(shape))

    def kept(self, x: Tensor, p: float, shape: torch.Size | tuple[int, ...]) -> Tensor:
        """Returns x where it is not dropped, scaled so that its mean stays."""
        if p >= 1:
            return x * 0.0
        kept = self.bits(shape) >= int(p * MASK)
        return x * kept * (1 / (1 - p))

    def dropout(
        self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        return self.kept(input, p, input.shape) if training and p > 0 else input

    def channel_dropout(
        self, input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
    ) -> Tensor:
        """Drops whole channels: (n, c, ...) or, without a batch, the first dimension."""
        if not training or p <= 0:
            return input
        lead = input.shape[:2] if input.dim() > 2 else input.shape[:1]
        return self.kept(input, p, (*lead, *[1] * (input.dim() - len(lead))))

    def attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> Tensor:
        """Scaled dot-product attention, written out, because the fused one has no stacked form."""
        if enable_gqa:
            raise NotImplementedError("attention with grouped queries has no stacked form here")
        weights = query @ key.mT * (scale if scale is not None else query.shape[-1] ** -0.5)
        if is_causal:
            future = torch.ones(weights.shape[-2:], dtype=torch.bool, device=key.device).triu(1)
            weights = weights.masked_fill(future, -torch.inf)
        if attn_mask is not None and attn_mask.dtype == torch.bool:
            weights = weights.masked_fill(~attn_mask, -torch.inf)
        elif attn_mask is not None:
            weights = weights + attn_mask
        return self.dropout(weights.softmax(-1), dropout_p) @ value


def _mixed(x: Tensor) -> Tensor:
    x = x ^ (x >> 16 & 0xFFFF)
    x = x * 0x7FEB352D
    x = x ^ (x >> 15 & 0x1FFFF)
    x = x * (0x846CA68B - 2**32)
    return x ^ (x >> 16 & 0xFFFF)


def _shape(*size: Any, **given: Any) -> tuple[int, ...]:
    listed = given.get("size", size)
    return tuple(listed[0]) if len(listed) == 1 and not isinstance(listed[0], int) else listed


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: given[name] for name in ("dtype", "device") if given.get(name) is not None}


_OWN: dict[Any, Callable[..., Any]] = {
    functional.dropout: Noise.dropout,
    functional.dropout1d: Noise.channel_dropout,
    functional.dropout2d: Noise.channel_dropout,
    functional.dropout3d: Noise.channel_dropout,
    torch.dropout: lambda noise, input, p, train: noise.dropout(input, p, train),
    functional.scaled_dot_product_attention: Noise.attention,
    torch.rand: lambda noise, *size, **given: noise.uniform(_shape(*size, **given)).to(
        **_plain(given)
    ),
    torch.randn: lambda noise, *size, **given: noise.normal(_shape(*size, **given)).to(
        **_plain(given)
    ),
    torch.rand_like: lambda noise, x, **given: noise.uniform(x.shape).to(x.dtype),
    torch.randn_like: lambda noise, x, **given: noise.normal(x.shape).to(x.dtype),
    torch.bernoulli: lambda noise, x, **given: (noise.uniform(x.shape) < x).to(x.dtype),
}

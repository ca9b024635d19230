"""The stacked program of ``architectures.mixer``.

The patches of a stack are (M, S, C, batch), so that mixing tokens is one product for each model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from frontier_search.models.architectures.mixer import Mixer
from frontier_search.models.image import side
from frontier_search.models.network import uniform
from frontier_search.models.networks.reservoir import ReservoirStack
from frontier_search.models.tanh import differentiable_tanh


class MixerStack:
    """M Mixers of one shape, with their own graphs and numbers of steps.

    Learned: ``embed`` (M, C, p^2) and ``embed_bias`` (M, C, 1). Of layer l: ``tokens_bias_l``
    (M, S, 1), ``channels_in_l`` (M, D, C), ``channels_in_bias_l`` (M, D, 1), ``channels_out_l``
    (M, C, D) and, if token mixing is learned, ``tokens_in_l`` (M, E, S), ``tokens_in_bias_l``
    (M, E, 1) and ``tokens_out_l`` (M, S, E). ``readout`` (M, o, C) and ``readout_bias`` (M, o, 1).
    Fixed: ``graph``.
    """

    def __init__(
        self,
        models: Sequence[Mixer],
        seeds: Sequence[int],
        n_inputs: int,
        n_outputs: int,
        device: torch.device,
    ) -> None:
        first = models[0]
        self.first, self.side, self.patch = first, side(n_inputs), first.patch_side(n_inputs)
        self.core = ReservoirStack([model.core for model in models], seeds, 0, 0, device)
        self.graph = self.core.graph
        c, d, e, tokens = first.channels, first.channel_hidden, first.token_hidden, first.grid**2
        self.learned: dict[str, tuple[int, ...]] = {
            "embed": (c, self.patch**2),
            "embed_bias": (c, 1),
        }
        for layer in range(first.layers):
            self.learned[f"tokens_bias_{layer}"] = (tokens, 1)
            self.learned |= {
                f"channels_in_{layer}": (d, c),
                f"channels_in_bias_{layer}": (d, 1),
                f"channels_out_{layer}": (c, d),
            }
            if e:
                self.learned |= {
                    f"tokens_in_{layer}": (e, tokens),
                    f"tokens_in_bias_{layer}": (e, 1),
                    f"tokens_out_{layer}": (tokens, e),
                }
        self.learned |= {"readout": (n_outputs, c), "readout_bias": (n_outputs, 1)}

    def initial(self, generator: torch.Generator) -> dict[str, Tensor]:
        """Draws the first weights as torch.nn.Linear does.

        The bound of b_2 follows from the number of patches, in both kinds of mixing.
        """
        weights: dict[str, Tensor] = {}
        fan_in = self.patch**2
        for name, shape in self.learned.items():
            if name.startswith("tokens_bias"):
                weights[name] = uniform(generator, shape, shape[0])
            else:
                fan_in = fan_in if "bias" in name else shape[1]  # a bias follows its weight
                weights[name] = uniform(generator, shape, fan_in)
        return weights

    def patches(self, x: Tensor) -> Tensor:
        """Cuts images (M, s^2, batch) into patches (M, g^2, p^2, batch).

        Patches, and the pixels of each, are ordered by rows.
        """
        n_models, _, batch = x.shape
        grid, patch = self.first.grid, self.patch
        missing = grid * patch - self.side
        before, after = missing // 2, missing - missing // 2
        image = functional.pad(
            x.reshape(n_models, self.side, self.side, batch), (0, 0, before, after, before, after)
        )
        tiles = image.reshape(n_models, grid, patch, grid, patch, batch).transpose(2, 3)
        return tiles.reshape(n_models, grid**2, patch**2, batch)

    def forward(self, learned: Mapping[str, Tensor], x: Tensor) -> Tensor:
        z = _across_channels(learned["embed"], self.patches(x)) + learned["embed_bias"][:, None]
        z = differentiable_tanh(z)
        for layer in range(self.first.layers):
            z = (
                self._mix_tokens(learned, layer, z.flatten(2)).view_as(z)
                + learned[f"tokens_bias_{layer}"][..., None]
            )
            inner = (
                _across_channels(learned[f"channels_in_{layer}"], z)
                + learned[f"channels_in_bias_{layer}"][:, None]
            )
            z = z + _across_channels(learned[f"channels_out_{layer}"], differentiable_tanh(inner))
        return torch.baddbmm(learned["readout_bias"], learned["readout"], z.mean(dim=1))

    def _mix_tokens(self, learned: Mapping[str, Tensor], layer: int, z: Tensor) -> Tensor:
        """Mixes (M, S, C batch): every channel of every row of the dataset is a column."""
        if not self.first.token_hidden:
            return self.core.recur({}, z)
        inner = torch.baddbmm(learned[f"tokens_in_bias_{layer}"], learned[f"tokens_in_{layer}"], z)
        return torch.baddbmm(z, learned[f"tokens_out_{layer}"], differentiable_tanh(inner))


def _across_channels(weight: Tensor, z: Tensor) -> Tensor:
    """Returns (M, D, C) times (M, S, C, batch), the same product for every patch."""
    return weight[:, None] @ z

"""Makes Optuna's GP sampler take fewer processor seconds for the same proposals, for replays."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]

NAME = "gp"  # in the table of samplers
FEW = 16  # choices of a parameter, all of which Optuna tries


class _Torch:
    """torch, but for the device mode of a proposal, which does nothing."""

    @staticmethod
    def device(name: str) -> AbstractContextManager[None]:
        return nullcontext()

    def __getattr__(self, name: str) -> Any:
        return getattr(torch, name)


class _Fits:
    """Fitted processes of the last data, one an objective: proposals of a cohort share them."""

    def __init__(self, fit: Any) -> None:
        self._fit, self._found = fit, dict[bytes, Any]()

    def __call__(self, X: Array, Y: Array, **settings: Any) -> Any:
        key = X.tobytes() + Y.tobytes()
        if key not in self._found:
            if len(self._found) > 1:  # the losses and the sizes of earlier trials
                self._found.clear()
            self._found[key] = self._fit(X=X, Y=Y, **settings)
        return self._found[key]


def quicken() -> None:
    """Gives the sampler one thread, and leaves out work that does not change a proposal.

    Measured on parkinsons: 0.47 of the processor seconds with cohorts of 16 and 3 in flight, 0.36
    with one trial at a time, and the same 80 proposals.

    - Optuna proposes inside ``with torch.device("cpu")``, so that each call of torch goes through a
      function of Python. No other device is in use here.
    - It searches the choices of one parameter from ten starts, one start after another. Here they
      are one batch.
    - It fits the same processes again for every trial of a cohort.
    """
    from optuna._gp import gp, optim_mixed
    from optuna.samplers._gp import sampler

    torch.set_num_threads(1)
    sampler.torch = _Torch()
    gp.fit_kernel_params = _Fits(gp.fit_kernel_params)
    one_by_one = optim_mixed._local_search_discrete_batched

    def batched(
        acqf: Any, starts: Array, values: Array, i: int, choices: Array, xtol: float
    ) -> tuple[Array, Array, NDArray[np.bool_]]:
        few = acqf.search_space.is_categorical[i] or len(choices) <= FEW
        if not few or len(choices) == 1:
            found: tuple[Array, Array, NDArray[np.bool_]] = one_by_one(
                acqf, starts, values, i, choices, xtol
            )
            return found
        start, choice = np.nonzero(choices != starts[:, i, None])
        points = starts[start]
        points[:, i] = choices[choice]
        reached = np.full((len(starts), len(choices)), -np.inf)
        reached[start, choice] = acqf.eval_acqf_no_grad(points)
        best = reached.argmax(axis=1)
        highest = reached.max(axis=1)
        better = highest > values
        moved = starts.copy()
        moved[better, i] = choices[best[better]]
        return moved, np.where(better, highest, values), better

    optim_mixed._local_search_discrete_batched = batched

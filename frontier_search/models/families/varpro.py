"""varpro: the Kronecker reservoir by variable projection: readout solved for, input map trained.

    min over W_in of  loss(W*(W_in))
    W* = argmin over W_out of  loss(W_out [x, h_T]) + ridge / 2 |W_out|^2

The readout is solved for on all training rows before the first epoch and after each. Within an
epoch it is held, and minibatch gradients train only the input map. At a solved readout the gradient
of the loss with W_out held is the gradient of the projected loss, because its derivative through W*
vanishes at the minimum. So an epoch starts with the exact gradient, and its later steps use a
readout that is up to one epoch old: variable projection in batches of one epoch. In regression W*
is exact. In classification it has no closed form, and three steps of a bound on Newton's method
follow it (``networks.varpro``). Every scalar of the readout is counted: the parameters are those of
kronecker.

Source: Golub and Pereyra (SIAM Journal on Numerical Analysis 10, 1973); Nicolini (2026) for the
reservoir.
"""

from pathlib import Path

from frontier_search.models.architectures.reservoir import reservoir
from frontier_search.models.architectures.varpro import VarPro
from frontier_search.models.families import kronecker
from frontier_search.models.family import Family

FAMILY = Family(
    name="varpro",
    summary="Kronecker recurrence, readout solved in closed form",
    source="Golub and Pereyra 1973; Nicolini 2026",
    space_file=Path(__file__).with_suffix(".yaml"),
    build=lambda given: VarPro(reservoir(given, kronecker.GRAPH), float(given["ridge"])),
)

"""When known_size begins to learn, which is part of what a search is: see ``models.editions``."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Start:
    """What the first proposals of known_size are made of.

    Attributes:
        blind: complete trials from which its model proposes every trial.
        informed: before that, a warm start proposes one of so many trials; the others are blind,
            so that what earlier outcomes foretell is judged by more than what it leads to.
        draws: random candidates from which the one is chosen that is farthest from all others. With
            many of them all candidates lie in the corners of a space of many parameters.
    """

    blind: int
    informed: int
    draws: int


EARLY = Start(blind=8, informed=4, draws=8)
LATE = Start(blind=16, informed=2, draws=60)  # before edition 5

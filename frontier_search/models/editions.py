"""What the names of families meant in earlier versions.

A search belongs to the edition in which it was defined, so that it continues with the models that
it began with. Edition 1, up to version 0.1: the three dense families were tanh networks, and torch
trained everything. Edition 2: they are ReLU networks, as published, and the compiled kernel trains
the networks that it knows. Edition 3: families that take turns share the start of a sampler, and
trials race. Edition 4: the kernel trains on rows with weights and for several targets too. Edition
5: known_size begins with small cohorts, and models losses from 8 complete trials on. Edition 6:
known_size weighs gains against the cost of training where it chooses the family. Edition 7:
the C is compiled to fewer bytes, and counted so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from frontier_search.models.architectures.feedforward import FeedForward
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import Family

EDITION = 7
FIRST_COMPILED = 2  # the first edition whose searches the compiled kernel trains
FIRST_SHARED_START = 3  # the first edition in which families share the start of a sampler
FIRST_RACE = 3  # the first edition in which a search races unless it says otherwise
FIRST_WEIGHTED = 4  # the first edition whose weighted rows and several targets the kernel trains on
FIRST_EARLY_MODEL = 5  # the first edition in which known_size models losses from 8 trials on
FIRST_WEIGHED_COSTS = 6  # the first edition in which known_size weighs gains against costs
FIRST_SMALLER_CODE = 7  # the first edition that counts the C of today on a core

# Of edition 1: a name, the number of its hidden layers, and the name that such models have today.
TANH = {
    "dense": (2, "dense_tanh"),
    "dense_adamw": (2, "dense_adamw_tanh"),
    "dense_deep": (3, "dense_deep_tanh"),
}
MOVED = "frontier_search.families."  # the prefix of import paths in edition 1


def family(name: str, edition: int = EDITION) -> Family:
    """Returns the family that a name meant in an edition.

    Raises:
        SpecError: there is none of this name.
    """
    old = _old_name(name)
    if edition > 1 or old is None:
        return FAMILIES[name]
    layers, today = TANH[old]
    return replace(
        FAMILIES[old],
        summary=f"{layers} tanh hidden layers, as edition 1 had them",
        source=f"{today}; edition 1",
        build=lambda hyperparameters: FeedForward(
            int(hyperparameters["hidden"]), layers, activation="tanh"
        ),
    )


def trains_compiled(edition: int, is_plain: bool = True) -> bool:
    """Returns whether the compiled kernel trains the networks that it knows.

    Args:
        edition: of the search.
        is_plain: whether a row has one target, and all rows weigh the same.
    """
    return edition >= (FIRST_COMPILED if is_plain else FIRST_WEIGHTED)


def name_today(name: str, edition: int) -> str:
    """Returns the name that a family of an edition has today, under which it is compared."""
    old = _old_name(name)
    return TANH[old][1] if edition == 1 and old is not None else name


def differs(names: Mapping[str, object], edition: int) -> bool:
    """Returns whether any of these names means something else today than in an edition."""
    return any(name_today(name, edition) != name for name in names)


def _old_name(name: str) -> str | None:
    short = name.removeprefix(MOVED).partition(":")[0] if name.startswith(MOVED) else name
    return short if short in TANH else None

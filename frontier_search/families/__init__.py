"""The zoo of families. A member is two files: ``NAME.py`` (what it is) and ``NAME.yaml`` (its default space)."""

from __future__ import annotations

from frontier_search.family import Family
from frontier_search.zoo import Zoo

FAMILIES: Zoo[Family] = Zoo(
    "family",
    {
        name: f"frontier_search.families.{name}:FAMILY"
        for name in (
            "dense",
            "dense_adamw",
            "dense_deep",
            "kronecker",
            "gated_kronecker",
            "random_sparse",
            "no_recurrence",
            "kronecker_permuted",
            "dense_random",
        )
    },
)

"""The table of families.

A member is two files: ``NAME.py`` says what it is, ``NAME.yaml`` holds its default space.
"""

from __future__ import annotations

from frontier_search.models import own
from frontier_search.models.family import Family
from frontier_search.zoo import Zoo

PUBLISHED = (  # the families of Nicolini (2026), the default of a search
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

NEXT_STEPS = (  # what that study proposes as next steps
    "learned_kronecker",
    "adapted_kronecker",
    "leaky_kronecker",
    "spline",
    "spline_kronecker",
    "varpro",
    "conv",
    "conv_kronecker",
    "conv_random",
    "scaffold",
    "scaffold_kronecker",
    "scaffold_random",
    "mixer",
    "mixer_kronecker",
    "mixer_random",
    "mixer_no_mixing",
)

CONTROLS = (  # without which a frontier proves nothing
    "dense_tanh",
    "linear",
    "dense_skip",
    "low_rank",
    "random_features",
    "kronecker_fixed_input",
    "random_sparse_fixed_input",
    "tree",
    "boosted_trees",
    "svm",
)

SEQUENCES = (  # which read time, and need a dataset whose rows are sequences
    "echo_state",
    "gru",
    "fast_grnn",
    "conv_1d",
    "last_values",
)

FAMILIES: Zoo[Family] = Zoo(
    "family",
    {
        name: f"frontier_search.models.families.{name}:FAMILY"
        for name in (*PUBLISHED, *NEXT_STEPS, *CONTROLS, *SEQUENCES)
    },
    own.adopt,
)

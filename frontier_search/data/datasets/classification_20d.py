"""Two classes in 20 dimensions.

Source: Guyon (2003), see ``scikit_learn.FixedProblem``. The published study gives the 20 features
and nothing else. 10 of them are informative and 5 redundant here: with the generator's own 2 and 2
a linear model is already best, and there is no frontier to own.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn
from frontier_search.data.splitting import Sizes

PROBLEM = scikit_learn.FixedProblem(
    n_features=20,
    n_informative=10,
    n_redundant=5,
    n_classes=2,
    sizes=Sizes(train=600, val=200, test=200),
)
DATASET = scikit_learn.fixed_problem("classification_20d", PROBLEM)

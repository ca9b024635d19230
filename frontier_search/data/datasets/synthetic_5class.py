"""Five classes in 20 dimensions.

Source: Guyon (2003), see ``scikit_learn.FixedProblem``. The published study gives no sizes. We
chose 20 features, of which 10 are informative and 5 redundant, and 900 training rows, about 180 in
each class.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn
from frontier_search.data.splitting import Sizes

PROBLEM = scikit_learn.FixedProblem(
    n_features=20,
    n_informative=10,
    n_redundant=5,
    n_classes=5,
    sizes=Sizes(train=900, val=300, test=300),
)
DATASET = scikit_learn.fixed_problem("synthetic_5class", PROBLEM)

"""Three classes in 10 dimensions.

Source: Guyon (2003), see ``scikit_learn.FixedProblem``. The published study gives no sizes. We
chose 10 features, of which 6 are informative and 2 redundant, and 600 training rows.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn
from frontier_search.data.splitting import Sizes

PROBLEM = scikit_learn.FixedProblem(
    n_features=10,
    n_informative=6,
    n_redundant=2,
    n_classes=3,
    sizes=Sizes(train=600, val=200, test=200),
)
DATASET = scikit_learn.fixed_problem("synthetic_3class", PROBLEM)

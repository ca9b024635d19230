"""Two classes in 20 dimensions, another problem for every seed.

Source: Guyon (2003), see ``scikit_learn.FreshProblem``. All seeds of ``classification_20d`` share
one problem. Here an interval over seeds speaks of the generator and not of one of its problems.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn
from frontier_search.data.datasets.classification_20d import PROBLEM

DATASET = scikit_learn.fresh_problem("classification_20d_problems", PROBLEM)

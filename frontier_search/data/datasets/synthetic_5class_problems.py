"""Five classes in 20 dimensions, another problem for every seed.

Source: Guyon (2003), see ``scikit_learn.FreshProblem``. All seeds of ``synthetic_5class`` share
one problem. Here an interval over seeds speaks of the generator and not of one of its problems.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn
from frontier_search.data.datasets.synthetic_5class import PROBLEM

DATASET = scikit_learn.fresh_problem("synthetic_5class_problems", PROBLEM)

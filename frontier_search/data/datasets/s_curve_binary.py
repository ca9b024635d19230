"""Upper against lower half of a noisy S, seen from the side.

Source: ``sklearn.datasets.make_s_curve``, scikit-learn's companion of the Swiss roll for manifold
learning; two features, x = sin t and z = sign(t) (cos t - 1) with noise of standard deviation 0.2.
The third coordinate, the width, says nothing about the label and is left out. The label is 1 where
the position t along the manifold is above its median. Each seed draws a fresh sample.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.manifold_halves("s_curve_binary", "make_s_curve", noise=0.2)

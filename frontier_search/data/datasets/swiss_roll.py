"""Inner against outer half of a noisy Swiss roll, seen from the side.

Source: S. Marsland, "Machine Learning: An Algorithmic Perspective", 2nd edition (2014), chapter 6,
made by ``sklearn.datasets.make_swiss_roll``; two features, x = t cos t and z = t sin t with noise
of standard deviation 1. The third coordinate, the width, says nothing about the label and is left
out. The label is 1 where the position t along the manifold is above its median. Each seed draws a
fresh sample.
"""

from __future__ import annotations

from frontier_search.data import scikit_learn

DATASET = scikit_learn.manifold_halves(
    "swiss_roll", "make_swiss_roll", noise=1.0, source="Marsland (2014)"
)

"""known_size: a Gaussian process of the loss over all families, and exact gains of hypervolume.

It needs one measured objective; the others must be known before training. See
``sampling.known_size``.

Source: Emmerich, Giannakoglou and Naujoks, "Single- and Multiobjective Evolutionary Optimization
Assisted by Gaussian Random Field Metamodels" (IEEE TEC 2006); Ginsbourger, Le Riche and Carraro,
"Kriging Is Well-Suited to Parallelize Optimization" (2010).
"""

from __future__ import annotations

from frontier_search.sampling.samplers import KNOWN_SIZE, Sampler

SAMPLER = Sampler(
    name=KNOWN_SIZE,
    summary="default; most sample-efficient where one objective is measured and the rest are known",
    source="Emmerich et al. 2006",
    conditional=True,
    build=None,
    start="far apart in sizes and parameters until 8 trials are complete, then by its model",
)

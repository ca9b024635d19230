"""Fashion-MNIST: 70,000 photographs of clothes, images of 28 by 28 pixels, 10 classes.

Source: H. Xiao, K. Rasul and R. Vollgraf, "Fashion-MNIST: a novel image dataset for benchmarking
machine learning algorithms", arXiv:1708.07747 (2017), data set 40996 of OpenML, or a user's file
(see ``data.openml``). Pixels, 0 to 255, are divided by 255. The seed draws 6,000 images for
training, 2,000 for validation and 2,000 for the test, so that a search on a small machine stays
quick.
"""

from __future__ import annotations

from frontier_search.data import openml

DATASET = openml.dataset("fashion_mnist", 40996, "Xiao et al. (2017)", "MIT")

"""MNIST: 70,000 handwritten digits, images of 28 by 28 pixels, 10 classes.

Source: Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998), data set 554 of OpenML, or a user's file (see
``data.openml``). Pixels, 0 to 255, are divided by 255. The seed draws 6,000 images for training,
2,000 for validation and 2,000 for the test, so that a search on a small machine stays quick.
"""

from __future__ import annotations

from frontier_search.data import openml

DATASET = openml.dataset("mnist", 554, "LeCun et al. (1998)", "CC BY-SA 3.0")

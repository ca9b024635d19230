"""Networks, one a file: the stacked torch programs that train the architectures.

``models.network`` says which parts a network has.
"""

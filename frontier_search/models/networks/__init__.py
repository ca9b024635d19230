"""Networks, one a file: the stacked torch programs that train the architectures. See ``models.network``."""

"""Shapes of models with their counts in closed form; one architecture a file. The stacked programs that train them are in ``networks``."""

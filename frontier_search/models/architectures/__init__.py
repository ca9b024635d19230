"""Architectures, one a file: the shapes of models and their counts in closed form, without torch.

The torch program that trains an architecture has the same name in ``networks/``.
"""

"""What a model is: a family has a default space, and makes an architecture from hyperparameters.

``architectures/`` count parameters without torch, ``networks/`` train stacks of models with torch,
``families/`` is the table that a search chooses from.
"""

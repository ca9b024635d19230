"""A table as people have it: what its columns mean, what is wrong, and how models see it.

``reading`` reads a file. ``column`` and ``target`` decide what its columns are. ``findings`` warns.
``preprocessing`` turns raw rows into the inputs of models and travels with a model.
"""

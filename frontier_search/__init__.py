"""frontier-search: which models own the frontier between validation loss and learned parameters?

The nouns are importable from here; heavy libraries (torch, ray, mlflow) load only when a search runs.
"""

__version__ = "0.1.0"

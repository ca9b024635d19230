"""The C around a model that takes raw rows: a struct of a table's own columns in, answers out.

``scale`` says which numbers float32 is enough for, ``columns`` writes what turns one column into
inputs, ``source`` the header and the source, and ``program`` a ``main`` that reads CSV. The
functions of C are in ``runtime/``, each in a file of its name.
"""

"""Where rows come from: what a dataset is, the word that names one, and how a seed splits its rows.

A user's own rows are read by ``user_file`` and ``table``. The shipped datasets are in
``datasets/``, one a file; ``openml`` and ``scikit_learn`` hold what several of them share.
"""
